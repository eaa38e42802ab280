using System;
using System.Collections.Generic;
using OpenAI.Webhooks;

internal static class Program
{
    private static void Main()
    {
        const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSBjb25zdW1lcg==";
        var verifier = new WebhookVerifier(Secret);
        foreach (var payload in Events.All)
        {
            using var request = new WebhookSigner(Secret).Sign(payload).ToRequest("http://localhost/hook");
            var delivery = verifier.Unwrap(payload, WebhookHeaders.From(request.Headers));
            Events.Check(payload, delivery.Event);
        }

        Console.WriteLine($"events: {Events.All.Count}");
    }
}
