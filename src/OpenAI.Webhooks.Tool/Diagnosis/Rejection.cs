using System.Text;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Finds out why the endpoint rejects a delivery that was signed with the given secret.</summary>
internal sealed class Rejection(
    Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, ServerResponse unsigned, HealthData? health)
{
    // Kestrel's limit is 30,000,000 bytes.
    private const int OverLimit = 31_000_000;

    // Requests at a time.
    private const int SideBySide = 24;

    public static Finding BodyChanged(string how)
        => Finding.Fault(
            "body_changed",
            $"The body is changed in transit: {how}.",
            "Make the proxy or middleware forward the bytes unchanged. The signature covers the exact bytes.");

    public async Task<Finding> ExplainAsync(
        string payload, ServerResponse response, CancellationToken cancellationToken)
    {
        string? reason = response.RejectedReason;
        switch (reason)
        {
            case "body_read_before":
                return Finding.Fault(
                    "body_read",
                    "Something in front of the endpoint reads the body, so nothing is left to verify.",
                    "Middleware that reads the body, such as logging, must call request.EnableBuffering() and rewind "
                    + "it, or run after the endpoint.");
            case "body_encoded":
                return Finding.Fault(
                    "body_changed",
                    "The body is changed in transit: a proxy compresses it (Content-Encoding).",
                    "Configure the proxy to forward bodies unchanged, or call app.UseRequestDecompression() before the "
                    + "endpoint.");
            case "body_malformed":
                return Finding.Fault(
                    "body_changed",
                    "Something in front of the endpoint cannot decode the body.",
                    "Check request decompression, and proxies that change Content-Encoding.");
            case not null:
                return Finding.Fault(
                    "headers_changed",
                    "The headers webhook-id, webhook-timestamp and webhook-signature do not arrive as they were sent "
                    + $"({reason}).",
                    "Configure the proxy or gateway to forward each of them exactly once.");
            default:
                break;
        }

        // The library's endpoint says why it rejects a request without headers. If nothing did, something else
        // responds.
        bool isOfLibrary = unsigned.RejectedReason is not null;
        if (!isOfLibrary && health is { IsOfEndpoint: true })
        {
            return RejectedBefore("Something in front of the endpoint, such as antiforgery, responds with "
                + $"{response.Status}, so the endpoint does not see the request");
        }

        var searching = FindCauseAsync(payload, cancellationToken);
        bool isRejectedUnread = !isOfLibrary && await IsRejectedUnreadAsync(response, cancellationToken);
        return await searching is { } cause ? cause
            : isRejectedUnread
                ? RejectedBefore("Something in front of the endpoint, such as antiforgery, responds with "
                    + $"{response.Status}, or the webhook headers do not arrive")
            : health is { SecretHints.Count: > 0 } && SecretHint.IsAmong(health.SecretHints, secrets)
                ? Finding.Fault(
                    "body_changed",
                    "The body, id, timestamp or signature is changed in transit. The application's secret ends like "
                    + "the one given to doctor, but the signature does not match.",
                    "Make the proxy or middleware forward the body bytes and the webhook headers unchanged. To see "
                    + "what arrives, run openai-webhooks listen in place of the application.")
            : health is { SecretHints.Count: > 0 }
                ? Finding.Fault(
                    "secret_differs",
                    "The application's secret and the one given to doctor differ in their last characters.",
                    "Compare both with the endpoint's secret at OpenAI; with an API key, doctor does that. Each "
                    + "endpoint has its own secret, and a rotation creates a new one.")
            : Finding.Fault(
                "signature",
                $"A delivery signed with the secret given to doctor is rejected ({response.Status}). Most likely the "
                + "application has another secret.",
                "Compare the application's secret with this endpoint's secret at OpenAI. Look for \"Rejected a "
                + "webhook\" in the application's log; it gives the reason. If there is no such line, something in "
                + "front of the endpoint responds, or changes the body or the webhook headers.");
    }

    /// <summary>
    /// Sends what an application accepts that has another of the secrets, reads the secret wrongly, has a wrong clock,
    /// changes the body or rejects the type.
    /// </summary>
    /// <returns>The cause; null if none of these is accepted.</returns>
    public async Task<Finding?> FindCauseAsync(string payload, CancellationToken cancellationToken)
    {
        var searchingSecret = FindAsync(
            secrets.Skip(1).Select(secret => (secret, new WebhookSigner(secret).Sign(payload).ToRequest(url))),
            cancellationToken);
        var searchingMisuse = FindAsync(
            Misused().Select(misused => (misused.How, new WebhookSigner(misused.Secret).Sign(payload).ToRequest(url))),
            cancellationToken);
        var searchingShift = FindAsync(
            Shifts().Select(shift => (
                (TimeSpan?)shift,
                new WebhookSigner(secrets[0], new ShiftedClock(shift)).Sign(payload).ToRequest(url))),
            cancellationToken);
        var searchingChange = FindChangeAsync(payload, cancellationToken);
        var searchingType = FindAsync(
            OtherTypes().Select(type => (
                type, new WebhookSigner(secrets[0]).Sign(WithType(payload, type)).ToRequest(url))),
            cancellationToken);
        return await searchingSecret is not null
                ? Finding.Note(
                    "second_secret",
                    "The application accepts another of the secrets given to doctor, not the first. This is expected "
                    + "only during a rotation.")
            : await searchingMisuse is { } how
                ? Finding.Fault(
                    "secret_misused",
                    $"The application has the secret, but uses {how} as the key.",
                    "The key is what the base64 after whsec_ decodes to. WebhookVerifier takes the secret as OpenAI "
                    + "shows it.")
            : await searchingShift is { } shift
                ? ServerDiagnosis.ClockFault(shift, "application", "this machine's, to within five minutes")
            : await searchingChange is { } change ? BodyChanged(change)
            : await searchingType is { } type
                ? Finding.Fault(
                    "type_rejected",
                    $"A signed sample is rejected, but a signed {type} is accepted: the endpoint rejects types that it "
                    + "does not handle.",
                    "Accept types that no handler handles: OpenAI adds types, and sends what gets no 2xx again for 72 "
                    + "hours. To check with another type, pass --type.")
            : null;
    }

    // The application verifies the body that it receives. So sign the changed body, and send the original.
    public Task<string?> FindChangeAsync(string payload, CancellationToken cancellationToken)
    {
        byte[] sent = Encoding.UTF8.GetBytes(payload);
        return FindAsync(
            BodyVariants.Of(sent).Select(variant =>
            {
                var request = new WebhookSigner(secrets[0]).Sign(variant.Body).ToRequest(url);
                request.Content = Deliverer.JsonContent(sent);
                return (variant.Mistake, request);
            }),
            cancellationToken);
    }

    private static Finding RejectedBefore(string what)
        => Finding.Fault(
            "rejected_before",
            $"{what}.",
            "Make proxies forward the webhook headers. Exempt the path from antiforgery ([IgnoreAntiforgeryToken], "
            + ".DisableAntiforgery()), from model binding ([FromBody]) and from filters that validate requests.");

    /// <summary>Sends all requests.</summary>
    /// <returns>What belongs to the first that is accepted; null if none is.</returns>
    private async Task<T?> FindAsync<T>(
        IEnumerable<(T Meaning, HttpRequestMessage Request)> candidates, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(SideBySide);
        var results = await Task.WhenAll(candidates.Select(async candidate =>
        {
            await slots.WaitAsync(cancellationToken);
            try
            {
                var attempt = await deliverer.AttemptAsync(candidate.Request, cancellationToken);
                return (candidate.Meaning, attempt.IsAccepted);
            }
            finally
            {
                slots.Release();
            }
        }));
        return results.FirstOrDefault(result => result.IsAccepted).Meaning;
    }

    // Whatever reads a body that claims to be longer than Kestrel accepts gets 413. Something in front of the endpoint
    // that checks other things does not. The body itself is sent only if the server asks for it. Other servers have
    // other limits.
    private async Task<bool> IsRejectedUnreadAsync(ServerResponse response, CancellationToken cancellationToken)
    {
        if (response.Status != 400 || !response.Headers["Server"].Contains("Kestrel"))
        {
            return false;
        }

        var request = new WebhookSigner(secrets[0]).Sign(new byte[OverLimit]).ToRequest(url);
        request.Headers.ExpectContinue = true;
        return (await deliverer.AttemptAsync(request, cancellationToken)).Response?.Status == 400;
    }

    // As secrets whose keys are the text that the application takes for the key.
    private IEnumerable<(string How, string Secret)> Misused()
        => new[] { ("the whole text of the secret", secrets[0]), ("the text after whsec_", secrets[0].Trim()[6..]) }
            .Select(text => (text.Item1, $"whsec_{Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Item2.Trim()))}"));

    // Only the type differs, so that nothing else can be the reason.
    private static string WithType(string payload, string type)
    {
        var node = JsonNode.Parse(payload)!;
        node["type"] = type;
        return node.ToJsonString();
    }

    // One of each family.
    private static IEnumerable<string> OtherTypes()
        => SampleEvents.Types.GroupBy(type => type.Split('.')[0]).Select(family => family.First());

    // Shifts up to an hour and a half, in steps within the tolerance, then wrong time zones and days.
    private static IEnumerable<TimeSpan> Shifts()
        => Enumerable.Range(1, 10).Select(step => TimeSpan.FromMinutes(9 * step))
            .Concat(Enumerable.Range(2, 13).Select(hours => TimeSpan.FromHours(hours)))
            .Concat([TimeSpan.FromHours(5.5), TimeSpan.FromDays(1), TimeSpan.FromDays(7)])
            .SelectMany(shift => (TimeSpan[])[shift, -shift]);
}
