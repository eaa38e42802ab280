using System.CommandLine;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenAI.Webhooks.Tool.Diagnosis;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>doctor</c>: checks an endpoint from outside and through OpenAI's API, and names the first thing to fix.
/// </summary>
internal static class DoctorCommand
{
    // The whole check takes at most ten seconds.
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(9);

    // After this time without a finding, print a line that the check is still running.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    public static Command Create(IAnsiConsole console)
    {
        var url = new Argument<Uri>("URL")
        {
            Description = "The endpoint's URL, exactly as set at OpenAI.",
            CustomParser = UrlOption.Parse,
        };
        var health = UrlOption.Create(
            "--health", "The URL of the application's health check. Default: usual paths are tried.");
        var type = new Option<string>("--type")
        {
            Description = "The type of the sample event to send. Default: a handled type.",
            HelpName = "TYPE",
        };
        var noEvents = new Option<bool>("--no-events")
        {
            Description = "Send no signed events, and do not ask OpenAI to send one. Handlers do not run.",
        };
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var command = new Command(
            "doctor",
            "Finds out why no webhooks arrive. Sends signed sample events, like OpenAI's own test events. Handlers "
            + "run, with ids that do not exist.") { url, health, type, noEvents, json };
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
            long started = Stopwatch.GetTimestamp();
            using var deadline = new CancellationTokenSource(Total);
            using var deliverer = new Deliverer(target, deadline.Token);
            using var api = OpenAIApi.From(parsed, apiOptions, deadline.Token);
            var listing = api?.ListAsync(cancellationToken);
            var server = new ServerDiagnosis(
                deliverer, target, found, parsed.GetValue(health), parsed.GetValue(type), !parsed.GetValue(noEvents));
            var findings = new List<Finding>();
            bool isForPeople = !parsed.GetValue(json);
            await CollectAsync(server.DiagnoseAsync(cancellationToken));
            if (api is null || listing is null)
            {
                Add(Finding.Note("no_api", "Not checked: the endpoint's settings at OpenAI, because there is no "
                    + "API key.", $"Set {OpenAIApi.KeyVariable}, or name another variable with --api-key-from."));
            }
            else
            {
                bool sendsEvents = !parsed.GetValue(noEvents) && !server.IsSlow;
                var diagnosis = new ApiDiagnosis(api, listing, deliverer, target, found, sendsEvents)
                {
                    HasTime = Stopwatch.GetElapsedTime(started) < Total / 2,
                };
                await CollectAsync(diagnosis.DiagnoseAsync(server.Health, server.IsDelivered, cancellationToken));
            }

            // That anyone can send events comes first; findings come before the checks that could not run.
            var first = findings.Where(finding => finding.Level == Level.Fault)
                .OrderBy(finding => finding.Code switch { "accepts_forged" => 0, "no_secret" => 2, _ => 1 })
                .FirstOrDefault();
            if (isForPeople)
            {
                console.WriteLine();
                console.MarkupLine(first is not null ? $"[red bold]Fix first:[/] {Markup.Escape(first.What)}"
                    : findings.Exists(finding => finding.Level == Level.Note)
                        ? "[green bold]Sound[/], as far as it could be checked. Lines with a question mark say what "
                            + "could not."
                    : "[green bold]Sound.[/]");
            }
            else
            {
                // Do not use the console, which would wrap the line.
                console.Profile.Out.Writer.WriteLine(
                    ToJson(target, findings, first).ToJsonString(new JsonSerializerOptions
                    {
                        WriteIndented = true,
                        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                    }));
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
                        console.MarkupLine("… still checking");
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
                // A wrong clock differs from both this machine's and OpenAI's, so report it only once.
                if (finding is { Code: "clock", Level: Level.Fault }
                    && findings.Exists(earlier => earlier is { Code: "clock", Level: Level.Fault }))
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

    public static void Print(IAnsiConsole console, Finding finding)
    {
        console.WriteItem(
            finding.Level switch { Level.Sound => "[green]✓[/]", Level.Fault => "[red]✗[/]", _ => "[yellow]?[/]" },
            finding.What);
        if (finding.Do is not null)
        {
            console.WriteItem("  →", finding.Do);
        }
    }

    private static JsonObject ToJson(Uri url, IEnumerable<Finding> findings, Finding? first) => new()
    {
        ["url"] = Words.Of(url),
        ["sound"] = first is null,
        ["fix_first"] = first?.Code,
        ["findings"] = new JsonArray([.. findings.Select(finding => new JsonObject
        {
            ["code"] = finding.Code,
            ["level"] = finding.Level.ToString().ToLowerInvariant(),
            ["what"] = finding.What,
            ["do"] = finding.Do,
        })]),
    };
}
