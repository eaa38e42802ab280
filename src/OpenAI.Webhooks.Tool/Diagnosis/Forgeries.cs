using System.Security.Cryptography;
using System.Text;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Deliveries that an endpoint must reject, or must not, because of their signatures and timestamps.</summary>
internal sealed class Forgeries(Deliverer deliverer, Uri url)
{
    // How often each is sent: one of several machines may differ.
    private const int Copies = 3;

    private static readonly TimeSpan Old = TimeSpan.FromHours(1);

    /// <summary>Sends deliveries with secrets that nobody has, and at last one with an empty key.</summary>
    public async Task<Attempt[]> SendForgedAsync(string payload, CancellationToken cancellationToken)
    {
        var signed = new WebhookSigner(WebhookSigner.CreateSecret()).Sign(payload);
        string text = $"{signed.Headers.Id}.{signed.Headers.Timestamp}.{payload}";
        string signature = Convert.ToBase64String(HMACSHA256.HashData((byte[])[], Encoding.UTF8.GetBytes(text)));
        var random = await deliverer.AttemptAsync(
            Copies, () => new WebhookSigner(WebhookSigner.CreateSecret()).Sign(payload), url, cancellationToken);
        return [.. random, await deliverer.AttemptAsync(WithSignatures(signed, $"v1,{signature}"), cancellationToken)];
    }

    /// <summary>Sends deliveries that were signed an hour ago.</summary>
    public Task<Attempt[]> SendOldAsync(string payload, string secret, CancellationToken cancellationToken)
        => deliverer.AttemptAsync(
            Copies, () => new WebhookSigner(secret, new ShiftedClock(-Old)).Sign(payload), url, cancellationToken);

    /// <summary>Sends a delivery with two signatures, of which the second is right.</summary>
    public async Task<Attempt> SendWithTwoSignaturesAsync(
        string payload, string secret, CancellationToken cancellationToken)
    {
        string wrong = SignatureOf(new WebhookSigner(WebhookSigner.CreateSecret()).Sign(payload));
        var signed = new WebhookSigner(secret).Sign(payload);
        return await deliverer.AttemptAsync(
            WithSignatures(signed, $"{wrong} {SignatureOf(signed)}"), cancellationToken);
    }

    public static Finding JudgeForged(Attempt[] forged)
    {
        const string Verify = "Verify the signature: MapOpenAIWebhooks and WebhookVerifier do. It is not enough that "
            + "the headers are there.";
        var random = forged.Take(Copies).ToList();
        return random.TrueForAll(attempt => attempt.IsAccepted) ? Finding.Fault(
                "accepts_forged",
                $"A delivery with a wrong signature is accepted ({random[0].Outcome}). Anyone can send events.",
                Verify)
            : random.Exists(attempt => attempt.IsAccepted) ? Finding.Fault(
                "accepts_forged",
                $"A delivery with a wrong signature is accepted by some of the machines at this address: "
                + $"{Attempt.Outcomes(random)}. Anyone can send events.",
                $"{Verify} The machines differ: compare their versions.")
            : forged[^1].IsAccepted ? Finding.Fault(
                "accepts_forged",
                $"A delivery that was signed with an empty key is accepted ({forged[^1].Outcome}). Anyone can send "
                + "events.",
                "The application, or one of its machines, has no secret, and verifies with an empty one. Refuse to "
                + "start without a secret, as MapOpenAIWebhooks does.")
            : random.TrueForAll(attempt => attempt.IsOutOfTime) ? Finding.Note(
                "forged_unknown", "Not checked: whether a delivery with a wrong signature is rejected. Time was up.")
            : Finding.Sound("rejects_forged", $"A delivery with a wrong signature is rejected ({random[0].Outcome}).");
    }

    public static Finding JudgeOld(Attempt[] old)
    {
        bool areAll = Array.TrueForAll(old, attempt => attempt.IsAccepted);
        return Array.Exists(old, attempt => attempt.IsAccepted) ? Finding.Fault(
                "accepts_old",
                $"A delivery that was signed an hour ago is accepted ({(areAll ? old[0].Outcome
                    : $"by some of the machines at this address: {Attempt.Outcomes(old)}")}). Whoever has recorded one "
                + "can send it again.",
                "Reject a webhook-timestamp that is more than five minutes off. MapOpenAIWebhooks and WebhookVerifier "
                + $"do.{(areAll ? "" : " The machines differ: compare their versions and clocks.")}")
            : Array.TrueForAll(old, attempt => attempt.IsOutOfTime) ? Finding.Note(
                "old_unknown", "Not checked: whether a delivery that was signed an hour ago is rejected. Time was up.")
            : Finding.Sound("rejects_old", $"A delivery that was signed an hour ago is rejected ({old[0].Outcome}).");
    }

    private static string SignatureOf(SignedWebhook signed)
        => signed.Headers.ToDictionary()[WebhookHeaders.SignatureName];

    private HttpRequestMessage WithSignatures(SignedWebhook signed, string signatures)
    {
        var request = signed.ToRequest(url);
        request.Headers.Remove(WebhookHeaders.SignatureName);
        request.Headers.TryAddWithoutValidation(WebhookHeaders.SignatureName, signatures);
        return request;
    }
}
