using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenAI.Webhooks.Tool.Diagnosis;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary><c>doctor</c>: looks at an endpoint from outside and through OpenAI's eyes, and names the first thing to mend.</summary>
internal static class DoctorCommand
{
    // For longer than this, a line says what is waited for.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    public static Command Create(IAnsiConsole console)
    {
        var url = new Argument<Uri>("URL") { Description = "The endpoint's URL, as it is at OpenAI.", CustomParser = UrlOption.Parse };
        var health = UrlOption.Create("--health", "The URL of the application's health check. Otherwise: usual paths are tried.");
        var type = new Option<string>("--type") { Description = "The type of the sample event that is sent. Otherwise: a type that is handled.", HelpName = "TYPE" };
        var noEvents = new Option<bool>("--no-events") { Description = "Send no signed event, and have OpenAI send none. Handlers do not run." };
        var json = new Option<bool>("--json") { Description = "Write JSON, for machines." };
        var command = new Command("doctor", "Finds out why no webhooks arrive. It sends signed sample events, as OpenAI's own test does: handlers run, with ids that do not exist.") { url, health, type, noEvents, json };
        var secrets = new SecretOptions(command);
        var apiOptions = OpenAIApi.AddOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(type) is { } chosen)
            {
                SampleEvents.Create(chosen, DateTimeOffset.UtcNow);
            }

            var target = parsed.GetValue(url)!;
            var found = secrets.Find(parsed);
            using var deliverer = new Deliverer(target);
            using var api = OpenAIApi.From(parsed, apiOptions);
            var server = new ServerDiagnosis(deliverer, target, found, parsed.GetValue(health), parsed.GetValue(type), !parsed.GetValue(noEvents));
            var findings = new List<Finding>();
            bool isForPeople = !parsed.GetValue(json);
            await CollectAsync(server.DiagnoseAsync(cancellationToken));
            if (api is null)
            {
                Add(Finding.Note("no_api", "Not seen: what OpenAI has, because there is no API key.", $"Set {OpenAIApi.KeyVariable}, or name another variable with --api-key-from."));
            }
            else
            {
                await CollectAsync(new ApiDiagnosis(api, deliverer, target, found, !parsed.GetValue(noEvents) && !server.IsSlow).DiagnoseAsync(server.Health, server.IsDelivered, cancellationToken));
            }

            // Whatever was found comes before what could not be tried.
            var first = findings.Where(finding => finding.Level == Level.Fault).OrderBy(finding => finding.Code == "no_secret").FirstOrDefault();
            if (isForPeople)
            {
                console.WriteLine();
                console.MarkupLine(first is not null ? $"[red bold]Mend first:[/] {Markup.Escape(first.What)}"
                    : findings.Exists(finding => finding.Level == Level.Note) ? "[green bold]Sound[/], as far as it was seen: the lines with a question mark say what was not."
                    : "[green bold]Sound.[/]");
            }
            else
            {
                // Not through the console, which would wrap it.
                console.Profile.Out.Writer.WriteLine(ToJson(target, findings, first).ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            }

            return first is null ? 0 : 1;

            async Task CollectAsync(IAsyncEnumerable<Finding> source)
            {
                await using var enumerator = source.GetAsyncEnumerator(cancellationToken);
                while (true)
                {
                    var next = enumerator.MoveNextAsync().AsTask();
                    if (isForPeople && await Task.WhenAny(next, Task.Delay(Silence, cancellationToken)) != next)
                    {
                        console.MarkupLine("[grey]… still looking[/]");
                    }

                    if (!await next)
                    {
                        return;
                    }

                    Add(enumerator.Current);
                }
            }

            void Add(Finding finding)
            {
                // A clock that is wrong is so by this machine's and by OpenAI's.
                if (finding is { Code: "clock", Level: Level.Fault } && findings.Exists(earlier => earlier is { Code: "clock", Level: Level.Fault }))
                {
                    return;
                }

                findings.Add(finding);
                if (isForPeople)
                {
                    Print(console, finding);
                }
            }
        });
        return command;
    }

    private static void Print(IAnsiConsole console, Finding finding)
    {
        console.WriteItem(finding.Level switch { Level.Sound => "[green]✓[/]", Level.Fault => "[red]✗[/]", _ => "[yellow]?[/]" }, finding.What);
        if (finding.Do is not null)
        {
            console.WriteItem("  [grey]→[/]", finding.Do, "grey");
        }
    }

    private static JsonObject ToJson(Uri url, IEnumerable<Finding> findings, Finding? first) => new()
    {
        ["url"] = Words.Of(url),
        ["sound"] = first is null,
        ["mend_first"] = first?.Code,
        ["findings"] = new JsonArray([.. findings.Select(finding => new JsonObject
        {
            ["code"] = finding.Code,
            ["level"] = finding.Level.ToString().ToLowerInvariant(),
            ["what"] = finding.What,
            ["do"] = finding.Do,
        })]),
    };
}
