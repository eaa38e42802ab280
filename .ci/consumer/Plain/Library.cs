using System;
using System.Collections.Generic;
using OpenAI.Webhooks;

public static class PlainLibrary
{
    public static string Run(string secret, string payload)
    {
        var verifier = new WebhookVerifier(
            new WebhookVerifierOptions { Secrets = new[] { secret }, Tolerance = TimeSpan.FromMinutes(1) });
        var signed = new WebhookSigner(secret).Sign(payload);
        var headers = new Dictionary<string, string[]>();
        foreach (var header in signed.Headers.ToDictionary())
        {
            headers.Add(header.Key, new[] { header.Value });
        }

        WebhookDelivery delivery;
        WebhookVerificationFailure failure;
        if (!verifier.TryUnwrap(payload, WebhookHeaders.From(headers), out delivery, out failure))
        {
            return failure.ToString();
        }

        switch (delivery.Event)
        {
            case ResponseCompletedWebhookEvent completed:
                return completed.Data.Id;
            default:
                return delivery.Event.Type;
        }
    }
}
