using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Nightly;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// Deliveries stored by a receiver with a Quartz inbox, and handled beside it, in processes of their own: how many a
/// second, how long the responses take, and how long until they are handled; in turns with bare INSERTs, and INSERTs
/// and DELETEs, of the same payload in the same database.
/// </summary>
internal static class Durable
{
    private const int AtATime = 16;
    private const string LatencyPrefix = "latency_";

    public static async Task<int> MeasureAsync(int rounds, int seconds)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            await MeasureAsync(new Database("sqlite",
                $"Data Source={Path.Combine(folder, "webhooks.db")};Default Timeout=30"), ["both"], rounds, seconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        if (PostgresServer.Programs is null)
        {
            Console.WriteLine("PostgreSQL is not installed: not measured.");
            return 0;
        }

        await using var postgres = await PostgresServer.StartAsync();
        await MeasureAsync(postgres.Database, ["receiver", "worker"], rounds, seconds);
        return 0;
    }

    /// <summary>A receiver, a worker or both: it prints its address, and ends when its input does.</summary>
    public static async Task<int> ServeAsync(string role, string kind, string connectionString)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var webhooks = builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Payloads.Secret))
            .AddQuartzInbox(quartz => quartz.UsePersistentStore(new Database(kind, connectionString).Use));
        _ = role == "receiver" ? webhooks.ReceiveOnly() : webhooks.AddHandler<WebhookEvent, Nothing>();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapOpenAIWebhooks("/");
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
        return 0;
    }

    private static async Task MeasureAsync(Database database, string[] roles, int rounds, int seconds)
    {
        await database.PrepareAsync();
        var processes = roles.Select(role => Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec",
                typeof(Durable).Assembly.Location, "serve-durable", role, database.Kind, database.ConnectionString])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!).ToArray();
        string[] urls = await Task.WhenAll(
            processes.Select(async process => (await process.StandardOutput.ReadLineAsync())!));

        using var client = new HttpClient();
        var signer = new WebhookSigner(Payloads.Secret);
        byte[] body = Payloads.Get(Payloads.Published);
        string text = Encoding.UTF8.GetString(body);
        var results = new Dictionary<string, List<(double Rate, double P50, double P99)>>
        {
            ["stored"] = [],
            ["stored and handled"] = [],
            ["INSERT"] = [],
            ["INSERT and DELETE"] = [],
        };
        for (int round = 0; round < rounds; round++)
        {
            long started = Stopwatch.GetTimestamp();
            var (count, stored) = await RunAsync(seconds, StoreAsync);
            results["stored"].Add(stored);
            while (await database.PendingAsync() > 0)
            {
                await Task.Delay(20);
            }

            results["stored and handled"].Add((count / Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 0));
            results["INSERT"].Add((await RunAsync(seconds, id => database.InsertBareAsync(id, text))).Result);
            results["INSERT and DELETE"].Add(
                (await RunAsync(seconds, id => database.InsertBareAsync(id, text, deletes: true))).Result);
        }

        foreach (var (what, runs) in results)
        {
            var (rate, p50, p99) = runs.OrderBy(run => run.Rate).ElementAt(runs.Count / 2);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{database.Kind,-9} {what,-20} {rate,6:F0} a second   p50 {p50:F0} ms   p99 {p99:F0} ms"));
        }

        await MeasureLatencyAsync(database.Kind, processes[^1].StandardOutput, StoreAsync);

        async Task StoreAsync(string id)
        {
            using var request = signer.Sign(body, id).ToRequest(urls[0]);
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
        }

        foreach (var process in processes)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    // From the response until the handler has the delivery, one at a time.
    private static async Task MeasureLatencyAsync(string kind, StreamReader handled, Func<string, Task> store)
    {
        var waits = new List<double>();
        for (int i = 0; i < 60; i++)
        {
            string id = $"{LatencyPrefix}{Guid.NewGuid():N}";
            await store(id);
            long answered = Stopwatch.GetTimestamp();
            while ((await handled.ReadLineAsync())! != id)
            {
            }

            waits.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
            await Task.Delay(Random.Shared.Next(1000));
        }

        waits.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kind,-9} from 200 to handled, at idle: p50 {waits[waits.Count / 2]:F0} ms   max {waits[^1]:F0} ms"));
    }

    private static async Task<(int Count, (double Rate, double P50, double P99) Result)> RunAsync(
        int seconds, Func<string, Task> store)
    {
        var times = new ConcurrentBag<double>();
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, AtATime).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
            {
                long before = Stopwatch.GetTimestamp();
                await Task.Run(() => store($"wh_{Guid.NewGuid():N}"));
                times.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            }
        }));
        double[] sorted = [.. times.Order()];
        double rate = sorted.Length / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (sorted.Length, (rate, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]));
    }

    private sealed class Nothing : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            if (delivery.WebhookId.StartsWith(LatencyPrefix, StringComparison.Ordinal))
            {
                Console.WriteLine(delivery.WebhookId);
            }

            return Task.CompletedTask;
        }
    }
}
