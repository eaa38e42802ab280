using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// Requests over Kestrel on loopback, a few at a time; the time is that of one request. The bare endpoint reads the
/// body and answers 200.
/// </summary>
public class EndpointBenchmarks
{
    private const int Requests = 512;
    private const int AtATime = 8;

    private readonly HttpClient _client = new();
    private WebApplication _app = null!;
    private SignedWebhook _signed = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenAIWebhooks(options =>
        {
            options.Secrets.Add(Payloads.Secret);
            options.Tolerance = Timeout.InfiniteTimeSpan;
        });
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapOpenAIWebhooks("/webhooks", (_, _) => Task.CompletedTask);
        _app.MapPost("/bare", async (HttpContext context) => await context.Request.Body.CopyToAsync(Stream.Null));
        await _app.StartAsync();

        _client.BaseAddress = new Uri(_app.Urls.Single());
        _signed = new WebhookSigner(Payloads.Secret).Sign(Payloads.Get(Payloads.Published));
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests, Description = "bare MapPost")]
    public Task Bare() => SendAsync("/bare");

    [Benchmark(OperationsPerInvoke = Requests, Description = "MapOpenAIWebhooks")]
    public Task Webhooks() => SendAsync("/webhooks");

    private Task SendAsync(string path)
        => Task.WhenAll(Enumerable.Range(0, AtATime).Select(async _ =>
        {
            for (int i = 0; i < Requests / AtATime; i++)
            {
                using var request = _signed.ToRequest(path);
                using var response = await _client.SendAsync(request);
                response.EnsureSuccessStatusCode();
            }
        }));
}
