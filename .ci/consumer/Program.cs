using System;
using OpenAI.Webhooks;

internal static class Program
{
    private const string Payload =
        """{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}""";

    private static void Main() => Console.WriteLine(WebhookEvent.Parse(Payload) switch
    {
        ResponseCompletedWebhookEvent completed => $"response {completed.Data.Id} completed",
        var other => $"not expected: {other.Type}",
    });
}
