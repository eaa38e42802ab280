using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Checks how the endpoint treats signed events, and why it rejects them.</summary>
internal sealed class SignedDeliveries(Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, string? type)
{
    private const string StoreFirst =
        "Store the delivery and handle it afterwards: AddQuartzInbox, or an inbox of your own.";
    private const int LargeBody = 255 * 1024;

    // Kestrel's limit is 30,000,000 bytes.
    private const int OverAnyLimit = 31_000_000;

    private static readonly TimeSpan SlowHandler = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(3);

    /// <summary>What the application's health check tells; null if it has none.</summary>
    public HealthData? Health { get; set; }

    /// <summary>Whether a delivery that was signed with a given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    /// <summary>Whether the handler was so slow that another event should not be sent.</summary>
    public bool IsSlow { get; private set; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Health is { SecretHints.Count: > 0 } && !SecretHint.IsAmong(Health.SecretHints, secrets))
        {
            yield return Finding.Fault(
                "secret_differs",
                "The application's secret and the one given to doctor differ in their last characters.",
                "Compare both with the endpoint's secret at OpenAI; with an API key, doctor does that. Each endpoint "
                + "has its own secret, and a rotation creates a new one.");
            yield break;
        }

        var delivered = await DeliverAsync(cancellationToken);
        IsSlow = delivered.Code == "slow_handler";
        yield return delivered;

        // A slow handler would be slow for every event.
        if (IsDelivered == true && delivered.Level != Level.Fault)
        {
            yield return await DeliverAsWrittenByOthersAsync(cancellationToken);
            yield return await DeliverLargeAsync(cancellationToken);
        }
    }

    private async Task<Finding> DeliverAsync(CancellationToken cancellationToken)
    {
        string sent = type ?? ChooseType();
        string payload = SampleEvents.Create(sent, DateTimeOffset.UtcNow).ToJson();
        try
        {
            var response = await SignAndSendAsync(payload, secrets[0], TimeSpan.Zero, cancellationToken);
            IsDelivered = response.IsSuccess;
            return response.Status switch
            {
                >= 200 and < 300 when response.Elapsed > SlowHandler => Finding.Fault(
                    "slow_handler",
                    $"A signed {sent} was accepted, but only after {Words.Of(response.Elapsed)}. OpenAI waits only "
                    + "seconds.",
                    StoreFirst),
                >= 200 and < 300 when Health?.HandledTypes is { } handled
                    && !handled.Any(one => HealthData.Covers(one, sent)) => Finding
                    .Note(
                        "delivered_unhandled",
                        $"A signed {sent} is accepted ({response.Status}), but no handler handles it."),
                >= 200 and < 300 => Finding.Sound(
                    "delivered",
                    $"A signed {sent} is accepted ({response.Status} in {Words.Of(response.Elapsed)}). Handlers of "
                    + "other types were not tried."),
                400 => await ExplainRejectionAsync(payload, cancellationToken),
                503 when (await deliverer.PostUnsignedAsync(url, cancellationToken)).Status != 503 => Finding.Fault(
                    "not_stored",
                    "The signature is accepted, but the delivery is not stored (503).",
                    "Look for \"could not be stored\" in the application's log, and check the inbox's database "
                    + "or queue."),
                504 => Finding.Fault(
                    "slow_handler", "The delivery times out in the application or a proxy (504).", StoreFirst),
                >= 500 and not (502 or 503) when response.Elapsed > SlowHandler => Finding.Fault(
                    "slow_handler",
                    $"The handler of {sent} times out or fails after {Words.Of(response.Elapsed)} ({response.Status}). "
                    + "OpenAI waits only seconds.",
                    StoreFirst),
                >= 500 and not (502 or 503) => Finding.Fault(
                    "handler_fails",
                    $"The signature is accepted, but the handler of {sent} fails ({response.Status}) on a "
                    + "sample event.",
                    "Look for \"A handler failed\" in the application's log. If the handler fails only because the "
                    + "sample's ids do not exist, make it treat 404 as handled. OpenAI's own test events need "
                    + "this too."),
                _ => ForeignResponse.Explain(url, response),
            };
        }
        catch (NoResponseException exception)
        {
            IsDelivered = false;
            return Finding.Fault(
                "slow_handler",
                $"A signed {sent}: {exception.Message}. A request without a signature did get a response. OpenAI waits "
                + "only seconds.",
                $"The handler takes too long, or hangs. {StoreFirst}");
        }
    }

    private async Task<Finding> ExplainRejectionAsync(string payload, CancellationToken cancellationToken)
    {
        await ReadHealthAsync(cancellationToken);
        string? reason = Health?.LastRejectedReason;
        switch (reason)
        {
            case var _ when Health?.HasJustRejected == false:
                return RejectedBefore("Something in front of the endpoint, such as antiforgery, responds with 400, so "
                    + "the endpoint does not see the request");
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
            case { } when reason.StartsWith("missing_", StringComparison.Ordinal)
                || reason.StartsWith("repeated_", StringComparison.Ordinal)
                || reason == "invalid_timestamp":
                return Finding.Fault(
                    "headers_changed",
                    "The headers webhook-id, webhook-timestamp and webhook-signature do not arrive as they were sent "
                    + $"({reason}).",
                    "Configure the proxy or gateway to forward each of them exactly once.");
            default:
                break;
        }

        foreach (string other in secrets.Skip(1))
        {
            if ((await SignAndSendAsync(payload, other, TimeSpan.Zero, cancellationToken)).IsSuccess)
            {
                IsDelivered = true;
                return Finding.Note(
                    "second_secret",
                    "The application accepts another of the secrets given to doctor, not the first. This is expected "
                    + "only during a rotation.");
            }
        }

        foreach (var shift in TimeLimit.Take(SearchTime, reason == "signature_mismatch" ? [] : Shifts()))
        {
            if ((await SignAndSendAsync(payload, secrets[0], shift, cancellationToken)).IsSuccess)
            {
                return ServerDiagnosis.ClockFault(shift, "application", "this machine's, to within five minutes");
            }
        }

        if (reason is null && await IsTooLargeBadRequestAsync(cancellationToken))
        {
            return RejectedBefore("Something in front of the endpoint, such as antiforgery, responds with 400, or the "
                + "webhook headers do not arrive");
        }

        if (await FindChangeAsync(payload, cancellationToken) is { } change)
        {
            return BodyChanged(change);
        }

        return Health is { SecretHints.Count: > 0 } && reason == "signature_mismatch"
            ? Finding.Fault(
                "body_changed",
                "The body, id, timestamp or signature is changed in transit. The application's secret ends like the "
                + "one given to doctor, but the signature does not match.",
                "Make the proxy or middleware forward the body bytes and the webhook headers unchanged. To see what "
                + "arrives, run openai-webhooks listen in place of the application.")
            : Finding.Fault(
                "signature",
                "A delivery signed with the secret given to doctor is rejected (400). Most likely the application has "
                + "another secret.",
                "Compare the application's secret with this endpoint's secret at OpenAI. Look for \"Rejected a "
                + "webhook\" in the application's log; it gives the reason. If there is no such line, something in "
                + "front of the endpoint responds, or reads or changes the body or the webhook headers.");
    }

    // Behind a load balancer, another machine may answer.
    private async Task ReadHealthAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 0; Health is not null && attempt < 3; attempt++)
        {
            Health = await HealthData.ReadAsync(deliverer, url, Health.Url, cancellationToken);
            if (Health?.HasJustRejected != false)
            {
                return;
            }
        }
    }

    private static Finding RejectedBefore(string what)
        => Finding.Fault(
            "rejected_before",
            $"{what}.",
            "Make proxies forward the webhook headers. Exempt the path from antiforgery ([IgnoreAntiforgeryToken], "
            + ".DisableAntiforgery()), from model binding ([FromBody]) and from filters that validate requests.");

    // The endpoint responds with 413 to a body that claims to be longer than any server accepts. Something in front of
    // the endpoint that checks other things does not. The body itself is sent only if the server asks for it.
    private async Task<bool> IsTooLargeBadRequestAsync(CancellationToken cancellationToken)
    {
        using var request = new WebhookSigner(secrets[0]).Sign(new byte[OverAnyLimit]).ToRequest(url);
        request.Headers.ExpectContinue = true;
        try
        {
            return (await deliverer.SendAsync(request, cancellationToken)).Status == 400;
        }
        catch (NoResponseException)
        {
            return false;
        }
    }

    // The application verifies the body that it receives. So sign the changed body, and send the original.
    private async Task<string?> FindChangeAsync(string payload, CancellationToken cancellationToken)
    {
        byte[] sent = Encoding.UTF8.GetBytes(payload);
        foreach (var (mistake, seen) in TimeLimit.Take(SearchTime, BodyVariants.Of(sent)))
        {
            using var request = new WebhookSigner(secrets[0]).Sign(seen).ToRequest(url);
            request.Content = Deliverer.JsonContent(sent);
            if ((await deliverer.SendAsync(request, cancellationToken)).IsSuccess)
            {
                return mistake;
            }
        }

        return null;
    }

    private static Finding BodyChanged(string how)
        => Finding.Fault(
            "body_changed",
            $"The body is changed in transit: {how}.",
            "Make the proxy or middleware forward the bytes unchanged. The signature covers the exact bytes.");

    // White space, escapes and non-ASCII text: software that reads and rewrites JSON often changes these.
    private async Task<Finding> DeliverAsWrittenByOthersAsync(CancellationToken cancellationToken)
    {
        var node = JsonNode.Parse(SampleEvents.CreateUnhandled())!;
        node["data"]!["text"] = "Zoë ☎ </a> é";
        string payload = node.ToJsonString(new JsonSerializerOptions
        {
            WriteIndented = true,
            NewLine = "\n",
        }).Replace("\\u00EB", "ë", StringComparison.OrdinalIgnoreCase) + "\n";
        try
        {
            var response = await SignAndSendAsync(payload, secrets[0], TimeSpan.Zero, cancellationToken);
            return response.Status != 400
                ? Finding.Sound("body_exact", "White space, escapes and accents arrive as they were sent.")
                : BodyChanged(await FindChangeAsync(payload, cancellationToken) ?? "white space, escapes or characters "
                    + "beyond ASCII do not arrive as they were sent");
        }
        catch (NoResponseException exception)
        {
            return Finding.Note("body_unknown", $"A delivery with white space and accents: {exception.Message}.");
        }
    }

    private async Task<Finding> DeliverLargeAsync(CancellationToken cancellationToken)
    {
        const string Size = "A body of 255 KiB";
        const string Raise = "Most events are small; a call's can be over 100 KiB. Raise the limit to 256 KiB: "
            + "OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's client_max_body_size.";
        var node = JsonNode.Parse(SampleEvents.CreateUnhandled())!;
        node["data"]!["padding"] = new string('x', LargeBody - node.ToJsonString().Length - 32);
        try
        {
            var response = await SignAndSendAsync(node.ToJsonString(), secrets[0], TimeSpan.Zero, cancellationToken);
            return response.Status switch
            {
                >= 200 and < 300 => Finding.Sound("body_size", $"{Size} is accepted."),
                400 => BodyChanged(
                    "a body of 255 KiB is rejected (400), but a small body is not, so something truncates it"),
                503 => Finding.Fault(
                    "not_stored",
                    $"{Size} is not stored (503), but a small body is.",
                    "Check the maximum size of the inbox's column or message. A MySQL BLOB holds 64 KiB."),
                413 => Finding.Fault("body_limit", $"{Size} is too large (413).", Raise),
                >= 500 => Finding.Note(
                    "body_size_unknown",
                    $"{Size} gets {response.Status}. A handler may fail on the unknown event type."),
                _ => Finding.Fault("body_limit", $"{Size} is rejected ({response.Status}).", Raise),
            };
        }
        catch (NoResponseException exception)
        {
            return Finding.Fault("body_limit", $"{Size} gets no response ({exception.Message}).", Raise);
        }
    }

    private Task<ServerResponse> SignAndSendAsync(
        string payload, string secret, TimeSpan shift, CancellationToken cancellationToken)
        => deliverer.DeliverAsync(
            new WebhookSigner(secret, new ShiftedClock(shift)).Sign(payload), url, cancellationToken);

    private string ChooseType()
    {
        var handled = Health?.HandledTypes ?? [];
        return handled.Any(
            one => HealthData.Covers(one, WebhookEventTypes.ResponseCompleted)) ? WebhookEventTypes.ResponseCompleted
            : SampleEvents.Types.FirstOrDefault(
                known => handled.Any(one => HealthData.Covers(one, known))) ?? WebhookEventTypes.ResponseCompleted;
    }

    // Try shifts up to an hour and a half, in steps within the tolerance, then wrong time zones and days.
    private static IEnumerable<TimeSpan> Shifts()
        => Enumerable.Range(1, 10).Select(step => TimeSpan.FromMinutes(9 * step))
            .Concat(Enumerable.Range(2, 13).Select(hours => TimeSpan.FromHours(hours)))
            .Concat([TimeSpan.FromHours(5.5), TimeSpan.FromDays(1), TimeSpan.FromDays(7)])
            .SelectMany(shift => (TimeSpan[])[shift, -shift]);
}
