using System.Reflection;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>
/// The table of samples/README.md says what the tests say. WEBHOOK_INBOX_TABLE=write writes it; =measure measures the rates
/// first, one engine after the other.
/// </summary>
public class TableTests
{
    private const string Begin = "<!-- the inbox contract writes this table -->";
    private const string End = "<!-- end of the table -->";
    private const string RatesBegin = "| deliveries stored and handled per second";
    private const int Deliveries = 1000;

    [Fact]
    public async Task The_table_in_the_README_is_the_contracts()
    {
        string path = Path.Combine(Root(), "samples", "README.md");
        string readme = await File.ReadAllTextAsync(path);
        string mode = Environment.GetEnvironmentVariable("WEBHOOK_INBOX_TABLE") ?? "";
        string rates = mode == "measure" ? await MeasureAsync() : readme.Split('\n').SingleOrDefault(line => line.StartsWith(RatesBegin, StringComparison.Ordinal)) ?? $"{RatesBegin} |";
        string table = $"{Begin}\n{Write(rates)}{End}";
        if (mode.Length > 0)
        {
            readme = Regex.Replace(readme, $"{Regex.Escape(Begin)}.*{Regex.Escape(End)}", table.Replace("$", "$$", StringComparison.Ordinal), RegexOptions.Singleline);
            await File.WriteAllTextAsync(path, readme);
        }

        readme.Should().Contain(table);
    }

    private static string Write(string rates)
    {
        var engines = Engines().Select(engine => engine.Contract).ToList();
        string[] promises = [.. typeof(WebhookInboxContract).GetMethods().Where(method => method.GetCustomAttribute<SkippableFactAttribute>() is not null).Select(method => method.Name)];
        string[] reasons = [.. engines.SelectMany(engine => engine.Exceptions.Values).Distinct()];
        string Cell(SampleContract engine, string promise) => engine.Exceptions.TryGetValue(promise, out string? reason) ? $"{(reason is SampleContract.NoServer or SampleContract.NobodyElseWrites ? "n/a" : "no")} ({Array.IndexOf(reasons, reason) + 1})" : "yes";
        string Row(string first, IEnumerable<string> cells) => $"| {first} | {string.Join(" | ", cells)} |";
        string[] lines =
        [
            Row("promise", engines.Select(engine => engine.Engine)),
            Row("---", engines.Select(_ => "---")),
            .. promises.Select(promise => Row(promise.Replace('_', ' '), engines.Select(engine => Cell(engine, promise)))),
            rates,
            "",
            .. reasons.Select((reason, i) => $"({i + 1}) {reason}\n"),
        ];
        return string.Join('\n', lines);
    }

    private static async Task<string> MeasureAsync()
    {
        var rates = new List<double>();
        foreach (var (contract, fixture) in Engines())
        {
            await (fixture?.InitializeAsync() ?? Task.CompletedTask);
            rates.Add(await contract.MeasureAsync(Deliveries));
            await contract.DisposeAsync();
            await (fixture?.DisposeAsync() ?? Task.CompletedTask);
        }

        return $"{RatesBegin}, relative to the first column | {string.Join(" | ", rates.Select(rate => (rate / rates[0]).ToString("F1", System.Globalization.CultureInfo.InvariantCulture)))} |";
    }

    private static IEnumerable<(SampleContract Contract, IAsyncLifetime? Fixture)> Engines()
    {
        foreach (var type in typeof(SampleContract).Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsSubclassOf(typeof(SampleContract))).OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            object[] fixtures = [.. type.GetConstructors().Single().GetParameters().Select(parameter => Activator.CreateInstance(parameter.ParameterType)!)];
            yield return ((SampleContract)Activator.CreateInstance(type, fixtures)!, fixtures.OfType<IAsyncLifetime>().SingleOrDefault());
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OpenAI.Webhooks.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
