using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Quartz.Tests;
using Quartz;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// Deliveries stored and answered by a receiver with a Quartz inbox, and handled beside it, in processes of their own:
/// how many a second, and how long the answers take; in turns with bare INSERTs of the same payload into the same database.
/// </summary>
internal static class Durable
{
    private const int AtATime = 16;

    public static async Task<int> MeasureAsync(int rounds, int seconds)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            await MeasureAsync(new Database("sqlite", $"Data Source={Path.Combine(folder, "webhooks.db")};Default Timeout=30"), ["both"], rounds, seconds);
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
        builder.Services.AddQuartz(quartz => quartz
            .ConfigureScheduler(scheduler => scheduler.GenerateInstanceId = true)
            .UsePersistentStore(new Database(kind, connectionString).Use));
        builder.Services.AddQuartzHostedService(quartz => quartz.AutoStart = role != "receiver");
        builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Payloads.Secret)).AddHandler<WebhookEvent, Nothing>().AddQuartzInbox();
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
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", typeof(Durable).Assembly.Location, "serve-durable", role, database.Kind, database.ConnectionString])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!).ToArray();
        string[] urls = await Task.WhenAll(processes.Select(async process => (await process.StandardOutput.ReadLineAsync())!));

        using var client = new HttpClient();
        var signer = new WebhookSigner(Payloads.Secret);
        byte[] body = Payloads.Get(Payloads.Published);
        string text = Encoding.UTF8.GetString(body);
        var results = new Dictionary<string, List<(double Rate, double P50, double P99)>> { ["stored and answered"] = [], ["bare INSERT"] = [] };
        for (int round = 0; round < rounds; round++)
        {
            results["stored and answered"].Add(await RunAsync(seconds, async id =>
            {
                using var request = signer.Sign(body, id).ToRequest(urls[0]);
                using var answer = await client.SendAsync(request);
                answer.EnsureSuccessStatusCode();
            }));
            results["bare INSERT"].Add(await RunAsync(seconds, id => database.InsertBareAsync(id, text)));
        }

        foreach (var (what, runs) in results)
        {
            var (rate, p50, p99) = runs.OrderBy(run => run.Rate).ElementAt(runs.Count / 2);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database.Kind,-9} {what,-20} {rate,6:F0} a second   p50 {p50:F0} ms   p99 {p99:F0} ms"));
        }

        foreach (var process in processes)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<(double Rate, double P50, double P99)> RunAsync(int seconds, Func<string, Task> store)
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
        return (sorted.Length / Stopwatch.GetElapsedTime(started).TotalSeconds, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }

    private sealed class Nothing : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
