using System.CommandLine;
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
                Add(Finding.Note("no_api", "Not seen: what OpenAI has, because there is no API key.", $"Set {parsed.GetValue(apiOptions.KeyFrom)}, or name another variable with --api-key-from."));
            }
            else
            {
                await CollectAsync(new ApiDiagnosis(api, target, found, !parsed.GetValue(noEvents)).DiagnoseAsync(server.Health, server.IsDelivered, cancellationToken));
            }

            var first = findings.FirstOrDefault(finding => finding.Level == Level.Fault);
            if (isForPeople)
            {
                console.WriteLine();
                console.MarkupLine(first is null ? "[green bold]Sound.[/]" : $"[red bold]Mend first:[/] {Markup.Escape(first.What)}");
            }
            else
            {
                // Not through the console, which would wrap it.
                console.Profile.Out.Writer.WriteLine(ToJson(target, findings, first).ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
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
        string mark = finding.Level switch { Level.Sound => "[green]✓[/]", Level.Fault => "[red]✗[/]", _ => "[yellow]?[/]" };
        var grid = new Grid().AddColumn(new GridColumn().Width(1).NoWrap().Padding(0, 0, 1, 0)).AddColumn(new GridColumn().Padding(0, 0));
        grid.AddRow(new Markup(mark), new Markup(Markup.Escape(finding.What)));
        if (finding.Do is not null)
        {
            grid.AddRow(new Markup(""), new Markup($"[grey]{Markup.Escape($"→ {finding.Do}")}[/]"));
        }

        console.Write(grid);
    }

    private static JsonObject ToJson(Uri url, IEnumerable<Finding> findings, Finding? first) => new()
    {
        ["url"] = url.ToString(),
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
