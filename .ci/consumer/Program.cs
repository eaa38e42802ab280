using System;
using System.Linq;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks;

internal static class Program
{
    private const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSBjb25zdW1lcg==";

    private const string Payload =
        """
        {"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210,
        "type": "response.completed", "data": {"id": "resp_123"}}
        """;

    private static async Task Main()
    {
        var signed = new WebhookSigner(Secret).Sign(Payload);
        var delivery = new WebhookVerifier(Secret).Unwrap(signed.GetPayload(), signed.Headers);
        Console.WriteLine("verified: " + delivery.Event switch
        {
            ResponseCompletedWebhookEvent completed => $"response {completed.Data.Id} completed",
            var other => $"not expected: {other.Type}",
        });
        Console.WriteLine($"netstandard2.0 library: {Library.Run(Secret, Payload)}");
        Console.WriteLine($"C# 7.3 library: {PlainLibrary.Run(Secret, Payload)}");

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Secret));
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        WebhookEvent? handled = null;
        app.MapOpenAIWebhooks("/hook", (received, _) =>
        {
            handled = received.Event;
            return Task.CompletedTask;
        });
        await app.StartAsync();

        using var client = new HttpClient();
        foreach (string payload in Events.All)
        {
            using var response = await client.SendAsync(
                new WebhookSigner(Secret).Sign(payload).ToRequest(app.Urls.Single() + "/hook"));
            response.EnsureSuccessStatusCode();
            Events.Check(payload, handled!);
        }

        Console.WriteLine($"events through the endpoint: {Events.All.Count}");
        Version? json = typeof(JsonSerializer).Assembly.GetName().Version;
        Console.Error.WriteLine($"on {RuntimeInformation.FrameworkDescription} with System.Text.Json {json}");
    }
}
