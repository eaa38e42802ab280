using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using OpenAI.Webhooks.Benchmarks;

// dotnet run -c Release --project tests/OpenAI.Webhooks.Benchmarks -- --filter '*'    all benchmarks
// … -- --filter '*Parse*'             some of them
// … -- --filter '*' --job Dry         each once
// … -- startup [runs]                 the time to the first event
// … -- durable [rounds] [seconds]     deliveries a second into a Quartz inbox
// … -- endpoint [rounds] [seconds]    the endpoint's CPU a request, with wrk
if (args is ["startup", ..])
{
    return Startup.Run(NumberAt(1, 21));
}

if (args is ["endpoint", ..])
{
    return await Endpoint.MeasureAsync(NumberAt(1, 7), NumberAt(2, 4));
}

if (args is ["durable", ..])
{
    return await Durable.MeasureAsync(NumberAt(1, 3), NumberAt(2, 10));
}

if (args is ["serve-durable", var role, var kind, var connectionString])
{
    return await Durable.ServeAsync(role, kind, connectionString);
}

if (args is ["serve"])
{
    return await Endpoint.ServeAsync();
}

bool isDry = args.Contains("Dry");

// In this process, because the strict settings of this repository do not suit the projects that BenchmarkDotNet makes.
var job = (isDry ? Job.Dry : Job.Default.WithIterationCount(15).WithWarmupCount(6))
    .WithToolchain(InProcessEmitToolchain.Instance);

var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumn(TargetMethodColumn.Method, StatisticColumn.Median, BaselineRatioColumn.RatioMean)
    .AddColumnProvider(DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
    .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
    .AddExporter(MarkdownExporter.GitHub)
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"));

string[] filters = [.. args.Where((arg, i) => !isDry || (arg != "Dry" && !(arg == "--job" && args[i + 1] == "Dry")))];
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Startup).Assembly).Run(filters, config);
return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success))
    ? 1 : 0;

int NumberAt(int index, int usual)
    => args.Length > index ? int.Parse(args[index], System.Globalization.CultureInfo.InvariantCulture) : usual;
