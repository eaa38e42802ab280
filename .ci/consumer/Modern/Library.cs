using System;
using OpenAI.Webhooks;

public static class Library
{
    public static string Run(string secret, string payload)
    {
        var verifier = new WebhookVerifier(
            new WebhookVerifierOptions { Secrets = [secret], Tolerance = TimeSpan.FromMinutes(1) });
        var made = new BatchCompletedWebhookEvent
        {
            Id = "evt_1",
            CreatedAt = DateTimeOffset.FromUnixTimeSeconds(5),
            Data = new BatchEventData { Id = "batch_1" },
        };
        var copied = made with { Data = made.Data with { Id = "batch_2" } };
        WebhookEvent asBase = made;
        var copiedAsBase = asBase with { Id = "evt_2" };
        var unknown = WebhookEvent.Parse<UnknownWebhookEvent>(
            payload.Replace("response.completed", "newer")) with { Id = "evt_3" };
        var call = new RealtimeCallEventData { CallId = "rtc_1", SipHeaders = [new("From", "x")] };

        var signed = new WebhookSigner(secret).Sign(copied);
        var delivery = verifier.Unwrap(signed.GetPayload(), signed.Headers);
        return $"{((BatchWebhookEvent)delivery.Event).Data.Id} {copiedAsBase.Id} {copiedAsBase.GetType().Name} "
            + $"{WebhookEvent.Parse(unknown.ToJson()).Id} {call.SipHeaders.Count}";
    }
}
