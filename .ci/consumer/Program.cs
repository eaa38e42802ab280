using System;
using System.Threading.Tasks;
using OpenAI.Webhooks;
#if !NETSTANDARD
using System.Linq;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
#endif

internal static class Program
{
    private const string Secret = "a secret for the consumer";

    private const string Payload =
        """{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}""";

    private static async Task Main()
    {
        var signed = new WebhookSigner(Secret).Sign(Payload);
        var delivery = new WebhookVerifier(Secret).Unwrap(signed.Payload, signed.Headers);
        Console.WriteLine("verified: " + delivery.Event switch
        {
            ResponseCompletedWebhookEvent completed => $"response {completed.Data.Id} completed",
            var other => $"not expected: {other.Type}",
        });
#if !NETSTANDARD
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Secret));
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapOpenAIWebhooks("/hook", (received, _) => Task.CompletedTask);
        await app.StartAsync();

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Urls.Single() + "/hook") { Content = new ReadOnlyMemoryContent(signed.Payload) };
        foreach (var header in signed.Headers)
        {
            request.Headers.Add(header.Key, header.Value);
        }

        Console.WriteLine($"endpoint: {(await client.SendAsync(request)).StatusCode}");
#else
        await Task.CompletedTask;
#endif
    }
}
