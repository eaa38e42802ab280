using System.Diagnostics;
using System.Text.Json;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// The time from the start of a process to its first parsed event: this program, started again and again, in turn with
/// this library and with plain System.Text.Json.
/// </summary>
internal static class Startup
{
    private const string Role = "OPENAI_WEBHOOKS_STARTUP";

    public static int Run(int runs)
    {
        switch (Environment.GetEnvironmentVariable(Role))
        {
            case "library":
                return WebhookEvent.Parse(Payloads.Get(Payloads.Published)) is ResponseCompletedWebhookEvent ? 0 : 1;
            case "plain":
                return JsonSerializer.Deserialize(Payloads.Get(Payloads.Published),
                    BenchmarkContext.Default.UnwrapWebhookEvent) is ResponseCompletedWebhookEvent ? 0 : 1;
        }

        var times = new Dictionary<string, List<double>> { ["plain"] = [], ["library"] = [] };
        for (int run = 0; run < runs; run++)
        {
            foreach (var (role, measured) in times)
            {
                measured.Add(Time(role));
            }
        }

        double plain = Median(times["plain"]);
        double library = Median(times["library"]);
        Console.WriteLine($"System.Text.Json, source-generated: {plain:0.0} ms (median of {runs})");
        Console.WriteLine($"WebhookEvent.Parse:                 {library:0.0} ms, {library / plain:0.00} x");
        return 0;
    }

    private static double Time(string role)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, "startup") { Environment = { [Role] = role } };
        long started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0
            ? Stopwatch.GetElapsedTime(started).TotalMilliseconds
            : throw new InvalidOperationException($"The process for '{role}' failed.");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
