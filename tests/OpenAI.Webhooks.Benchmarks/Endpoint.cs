using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// What a server's process spends on a request, with wrk as the sender in a process of its own: each delivery another,
/// in turns, and the median of the rounds as a ratio to a bare MapPost that reads the body.
/// </summary>
internal static partial class Endpoint
{
    private const int Deliveries = 200_000;

    private static readonly string[] Paths = ["bare", "delegate", "handler", "deduplication", "forged"];

    public static async Task<int> MeasureAsync(int rounds, int seconds)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(
            folder => File.Exists(Path.Combine(folder, "wrk"))))
        {
            Console.WriteLine("wrk is not installed: the endpoint is not measured.");
            return 0;
        }

        string folder = Directory.CreateTempSubdirectory().FullName;
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] serve = ["exec", typeof(Endpoint).Assembly.Location, "serve"];
        using var server = Process.Start(new ProcessStartInfo(dotnet, serve)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        try
        {
            string url = (await server.StandardOutput.ReadLineAsync())!;
            var spent = Paths.ToDictionary(path => path, _ => new List<double>());
            for (int round = 0; round < rounds; round++)
            {
                foreach (string path in Paths)
                {
                    string script = await WriteScriptAsync(
                        folder, path == "forged" ? WebhookSigner.CreateSecret() : Payloads.Secret);
                    server.Refresh();
                    var before = server.TotalProcessorTime;
                    int requests = await RunWrkAsync(url + (path == "forged" ? "/delegate" : $"/{path}"), script,
                        seconds, isRefused: path == "forged");
                    server.Refresh();
                    spent[path].Add((server.TotalProcessorTime - before).TotalMicroseconds / requests);
                }
            }

            double bare = Median(spent["bare"]);
            foreach (string path in Paths)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{path,-14} {Median(spent[path]),6:F1} µs of CPU a request   {Median(spent[path]) / bare:F2}"));
            }

            return 0;
        }
        finally
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The server's process: it prints its address, and ends when its input does.</summary>
    public static async Task<int> ServeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        Action<OpenAIWebhooksOptions> configure = options =>
        {
            options.Secrets.Add(Payloads.Secret);
            options.Tolerance = Timeout.InfiniteTimeSpan;
        };
        builder.Services.AddOpenAIWebhooks(configure);
        builder.Services.AddOpenAIWebhooks("handler", configure).AddHandler<ResponseCompletedWebhookEvent, Nothing>();
        builder.Services.AddOpenAIWebhooks("deduplication", configure).AddDeduplication();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/bare", async (HttpContext context) => await context.Request.Body.CopyToAsync(Stream.Null));
        app.MapOpenAIWebhooks("/delegate", (_, _) => Task.CompletedTask);
        app.MapOpenAIWebhooks("/handler", "handler");
        app.MapOpenAIWebhooks("/deduplication", (_, _) => Task.CompletedTask, "deduplication");
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await Console.In.ReadToEndAsync();
        return 0;
    }

    // The deliveries are data and not code, of which Lua takes only so much.
    private static async Task<string> WriteScriptAsync(string folder, string secret)
    {
        var signer = new WebhookSigner(secret);
        byte[] body = Payloads.Get(Payloads.Published);
        string deliveries = Path.Combine(folder, "deliveries.txt");
        await File.WriteAllLinesAsync(deliveries, Enumerable.Range(0, Deliveries)
            .Select(_ => signer.Sign(body).Headers.ToDictionary())
            .Select(headers => string.Join(' ',
                headers[WebhookHeaders.IdName],
                headers[WebhookHeaders.TimestampName],
                headers[WebhookHeaders.SignatureName])));

        string script = Path.Combine(folder, "wrk.lua");
        await File.WriteAllTextAsync(script, $$"""
            local deliveries, next = {}, 0
            for line in io.lines('{{deliveries}}') do deliveries[#deliveries + 1] = line end
            wrk.method = 'POST'
            wrk.body = '{{Encoding.UTF8.GetString(body)}}'
            wrk.headers['Content-Type'] = 'application/json'
            request = function()
              next = next % #deliveries + 1
              local id, timestamp, signature = deliveries[next]:match('^(%S+) (%S+) (%S+)$')
              wrk.headers['webhook-id'] = id
              wrk.headers['webhook-timestamp'], wrk.headers['webhook-signature'] = timestamp, signature
              return wrk.format()
            end

            """);
        return script;
    }

    private static async Task<int> RunWrkAsync(string url, string script, int seconds, bool isRefused)
    {
        string[] arguments = ["-t1", "-c16", $"-d{seconds}s", "-s", script, url];
        using var wrk = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
        string report = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        return Requests().Match(report) is { Success: true } requests
            && report.Contains("Non-2xx", StringComparison.Ordinal) == isRefused
            ? int.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException(report);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    private sealed class Nothing : IWebhookHandler<ResponseCompletedWebhookEvent>
    {
        public Task HandleAsync(ResponseCompletedWebhookEvent webhookEvent, WebhookDelivery delivery,
            CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
