using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Checks how the endpoint treats deliveries that it must accept, and those that it must reject.</summary>
internal sealed class SignedDeliveries(
    Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, string? type, ServerResponse unsigned)
{
    /// <summary>How often one request is sent, to notice when one of several machines differs.</summary>
    public const int Copies = 5;

    private const int FewCopies = 3;

    private const string Marker = "tricky";

    // An accent composed and decomposed, escapes that need not be, and what firewalls take for an attack.
    private const string TrickyText =
        "Zoë Zoe\u0308 ☎ <\\/a></a> \\u00e9 <script>alert('1')</script> ' OR 1=1 -- SELECT * FROM users";

    private const string StoreFirst =
        "Store the delivery and handle it afterwards: AddQuartzInbox, or an inbox of your own.";
    private const int LargeBody = 255 * 1024;

    private static readonly TimeSpan SlowTime = TimeSpan.FromSeconds(3);

    private string _plain = SampleEvents.CreateUnhandled();

    /// <summary>What the application's health check tells; null if it has none.</summary>
    public HealthData? Health { get; init; }

    /// <summary>Whether a delivery that was signed with a given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    /// <summary>Whether the handler was so slow that another event should not be sent.</summary>
    public bool IsSlow { get; private set; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var forgeries = new Forgeries(deliverer, url);
        if (secrets.Count == 0)
        {
            yield return Forgeries.JudgeForged(
                await forgeries.SendForgedAsync(SampleEvents.CreateUnhandled(), cancellationToken));
            yield return Finding.Fault(
                "no_secret",
                "No signed event was sent, because doctor was given no secret.",
                $"Set {SecretOptions.Variable}, name another variable with --secret-from, or name a project with user "
                + "secrets with --project. To skip signed events, pass --no-events.");
            yield break;
        }

        string sent = type ?? ChooseType();
        string payload = SampleEvents.Create(sent, DateTimeOffset.UtcNow).ToJson();
        var sample = new WebhookSigner(secrets[0]).Sign(payload);
        var sendingPlain = SendAsync(SampleEvents.CreateUnhandled(), secrets[0], cancellationToken);

        // Copies of one delivery, as OpenAI sends them, so that a handler runs once if it recognizes them.
        var copies = await deliverer.AttemptAsync(Copies, () => sample, url, cancellationToken);
        if (AreDifferent(copies))
        {
            // An endpoint may reject copies that overlap. It does not reject different deliveries.
            var others = await deliverer.AttemptAsync(
                Copies, () => new WebhookSigner(secrets[0]).Sign(payload), url, cancellationToken);
            copies = Array.Exists(others, other => other.IsOutOfTime) ? copies : others;
        }

        var plain = await sendingPlain;

        // What an endpoint that does not accept unknown types rejects must not be taken for a wrong signature.
        _plain = plain.IsAccepted || !copies.Any(copy => copy.IsAccepted) ? SampleEvents.CreateUnhandled() : payload;
        bool isSlow = copies.All(copy => copy.Response is null || copy.Response.Elapsed > SlowTime);
        var sendingForged = forgeries.SendForgedAsync(_plain, cancellationToken);
        await InTurnAsync(sendingForged);
        var sendingOld = forgeries.SendOldAsync(_plain, secrets[0], cancellationToken);
        await InTurnAsync(sendingOld);
        var sendingSecrets = secrets.Skip(1).Select(secret => SendAsync(_plain, secret, cancellationToken)).ToList();
        var sendingTwo = isSlow
            ? null
            : forgeries.SendWithTwoSignaturesAsync(_plain, secrets[0], cancellationToken);

        var forged = await sendingForged;
        yield return Forgeries.JudgeForged(forged);
        var old = await sendingOld;
        var two = sendingTwo is null ? null : await sendingTwo;
        var bySecret = await Task.WhenAll(sendingSecrets);
        var delivered = AreDifferent(copies)
            ? Attempt.Differ("copies of a signed delivery", copies)
            : await JudgeAsync(sent, payload, [.. copies, plain], forged[0], cancellationToken);
        IsDelivered = copies.Any(copy => copy.IsAccepted) || Array.Exists(bySecret, one => one.IsAccepted);
        IsSlow = delivered.Code is "slow_handler" or "delivered_unknown";
        yield return delivered;
        if (AreDifferent(copies) || !copies.Any(copy => copy.IsAccepted))
        {
            yield break;
        }

        if (plain.Response is { IsSuccess: false })
        {
            yield return Finding.Note(
                "unknown_type",
                $"An event of a type that does not exist gets {plain.Outcome}. OpenAI adds types, and sends what gets "
                + "no 2xx again for 72 hours.",
                "Accept types that no handler handles.");
        }

        yield return Forgeries.JudgeOld(old);
        if (two?.Response is { IsSuccess: false })
        {
            yield return Finding.Fault(
                "one_signature",
                $"A delivery with two signatures, of which the second is right, is rejected ({two.Outcome}). Webhooks "
                + "have several during a rotation.",
                "Compare each signature in webhook-signature; a space separates them. WebhookVerifier does.");
        }

        if (bySecret.Length > 0)
        {
            int accepted = bySecret.Count(one => one.IsAccepted) + 1;
            yield return accepted == secrets.Count
                ? Finding.Sound("secrets", $"Each of the {secrets.Count} secrets given to doctor is accepted.")
                : Finding.Note(
                    "secrets",
                    $"Of the {secrets.Count} secrets given to doctor, the application accepts {accepted}.",
                    "During a rotation, give the application both: separated by a space in "
                    + $"{SecretOptions.Variable}, or as OpenAI:Webhooks:Secrets:0 and 1.");
        }

        // A slow handler would be slow for every event.
        if (delivered.Level != Level.Fault)
        {
            var asWritten = DeliverAsWrittenByOthersAsync(cancellationToken);
            await InTurnAsync(asWritten);
            var large = DeliverLargeAsync(cancellationToken);
            yield return await asWritten;
            yield return await large;
        }
    }

    // A load balancer hands requests out in turn, so a group of them reaches every machine only if nothing comes in
    // between. A server that is slow gets all at once, or time would be up.
    private async Task InTurnAsync(Task group)
    {
        if (unsigned.Elapsed < SlowTime / 6)
        {
            await group;
        }
    }

    /// <summary>Creates the fault for a signed delivery that gets no response.</summary>
    public static Finding SlowHandler(string sent, NoResponseException silence)
        => Finding.Fault(
            "slow_handler",
            $"A signed {sent}: {silence.Message}. A request without a signature did get a response. OpenAI waits only "
            + "seconds.",
            $"The handler takes too long, or hangs. {StoreFirst}");

    private Task<Attempt> SendAsync(string payload, string secret, CancellationToken cancellationToken)
        => deliverer.AttemptAsync(new WebhookSigner(secret).Sign(payload), url, cancellationToken);

    // What nobody waited for long enough is unknown, unless the others were fast: then one machine hangs.
    private static bool AreDifferent(Attempt[] copies)
    {
        bool areFast = Array.TrueForAll(copies, copy => copy.Response is null || copy.Response.Elapsed < SlowTime / 3);
        return copies
            .Where(copy => !copy.IsOutOfTime || (areFast && copy.Silence!.Waited > SlowTime))
            .Select(copy => copy.Outcome).Distinct().Count() > 1;
    }

    private async Task<Finding> JudgeAsync(
        string sent, string payload, Attempt[] copies, Attempt forged, CancellationToken cancellationToken)
    {
        var responses = copies.SkipLast(1).Where(copy => copy.Response is not null)
            .Select(copy => copy.Response!).OrderBy(copy => copy.Elapsed).ToList();
        if (responses.Count == 0)
        {
            // A server that does one thing at a time may have responded to another request.
            return copies[^1].Response is null
                ? SlowHandler(sent, copies[0].Silence!)
                : Finding.Note("delivered_unknown", $"Not checked: whether a signed {sent} is accepted. Time was up.");
        }

        var response = responses[^1];
        if (response.Elapsed > SlowTime && response.Elapsed - responses[0].Elapsed > SlowTime / 2)
        {
            // A server that does one thing at a time lets the last copy wait for the others.
            var alone = await deliverer.AttemptAsync(
                new WebhookSigner(secrets[0]).Sign(payload), url, cancellationToken);
            response = alone.Response ?? (alone.IsOutOfTime ? response with { Elapsed = unsigned.Elapsed } : response);
        }

        bool isSignatureRight = forged.Response is { IsSuccess: false } other && other.Status != response.Status;

        switch (response.Status)
        {
            case >= 200 and < 300 when response.Elapsed > SlowTime:
                return Finding.Fault(
                    "slow_handler",
                    $"A signed {sent} was accepted, but only after {Words.Of(response.Elapsed)}. OpenAI waits only "
                    + "seconds.",
                    StoreFirst);
            case >= 200 and < 300 when !response.IsWhole:
                return Finding.Fault(
                    "response_unfinished",
                    $"A signed {sent} is accepted ({response.Status}), but the response's body does not end.",
                    "Respond with a status and no body.");
            case >= 200 and < 300 when Health?.HandledTypes is { } handled
                && !handled.Any(one => HealthData.Covers(one, sent)):
                return Finding.Note(
                    "delivered_unhandled",
                    $"A signed {sent} is accepted ({response.Status}), but no handler handles it.");
            case >= 200 and < 300:
                return Finding.Sound(
                    "delivered",
                    $"A signed {sent} is accepted ({response.Status} in {Words.Of(response.Elapsed)}). Handlers of "
                    + "other types were not tried.");
            case 400 or 401 or 403 or 404 or 406 or 409 or 410 or 412 or 422 when isSignatureRight:
                return Finding.Fault(
                    "handler_fails",
                    $"A wrong signature gets {forged.Outcome}, the right one {response.Status}: the signature is "
                    + $"accepted, but what handles {sent} rejects the sample event.",
                    "Look into the application's log. If it looks up the event's ids, make it treat 404 as handled: "
                    + "the ids of samples, and of OpenAI's own test events, do not exist.");
            case 400 or 401 or 422:
                return await new Rejection(deliverer, url, secrets, unsigned, Health).ExplainAsync(
                    payload, response, cancellationToken);
            case 503 when (await deliverer.AttemptUnsignedAsync(url, cancellationToken)).Response?.Status != 503:
                return Finding.Fault(
                    "not_stored",
                    "The signature is accepted, but the delivery is not stored (503).",
                    "Look for \"could not be stored\" in the application's log, and check the inbox's database or "
                    + "queue.");
            case 504:
                return Finding.Fault(
                    "slow_handler", "The delivery times out in the application or a proxy (504).", StoreFirst);
            case >= 500 and not (502 or 503) when response.Elapsed > SlowTime:
                return Finding.Fault(
                    "slow_handler",
                    $"The handler of {sent} times out or fails after {Words.Of(response.Elapsed)} ({response.Status}). "
                    + "OpenAI waits only seconds.",
                    StoreFirst);
            case >= 500 and not (502 or 503):
                return Finding.Fault(
                    "handler_fails",
                    $"The signature is accepted, but the handler of {sent} fails ({response.Status}) on a sample "
                    + "event.",
                    "Look for \"A handler failed\" in the application's log. If the handler fails only because the "
                    + "sample's ids do not exist, make it treat 404 as handled. OpenAI's own test events need this "
                    + "too.");
            default:
                return ForeignResponse.Explain(url, response);
        }
    }

    // White space, escapes and non-ASCII text: software that reads and rewrites JSON often changes these.
    private async Task<Finding> DeliverAsWrittenByOthersAsync(CancellationToken cancellationToken)
    {
        const string Text = "White space, escapes, markup and accents";
        var node = JsonNode.Parse(_plain)!;
        node["data"]!["text"] = Marker;
        string payload = node.ToJsonString(new JsonSerializerOptions
        {
            WriteIndented = true,
            NewLine = "\n",
        }).Replace(Marker, TrickyText, StringComparison.Ordinal) + "\r\n";
        var (attempt, different) = await DeliverAsync(payload, cancellationToken);
        return different ?? attempt.Response?.Status switch
        {
            >= 200 and < 300 => Finding.Sound("body_exact", $"{Text} arrive as they were sent."),
            400 => Rejection.BodyChanged(
                await new Rejection(deliverer, url, secrets, unsigned, Health).FindChangeAsync(
                    payload, cancellationToken)
                ?? "white space, escapes or characters beyond ASCII do not arrive as they were sent"),
            >= 400 => Finding.Fault(
                "body_filtered",
                $"A body with white space, escapes, markup and accents is rejected ({attempt.Outcome}), but a plain "
                + "one is not. A firewall in front of the application, or middleware, inspects bodies.",
                "Exempt the endpoint's path from inspection. The texts in events are other people's, and the signature "
                + "is the authentication."),
            null => Finding.Note(
                "body_unknown",
                $"Not checked: {Text}. {(attempt.IsOutOfTime ? "Time was up" : attempt.Silence!.Message)}."),
            _ => ForeignResponse.Explain(url, attempt.Response!),
        };
    }

    private async Task<Finding> DeliverLargeAsync(CancellationToken cancellationToken)
    {
        const string Size = "A body of 255 KiB";
        const string Raise = "Most events are small; a call's can be over 100 KiB. Raise the limit to 256 KiB: "
            + "OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's client_max_body_size.";
        var node = JsonNode.Parse(_plain)!;
        node["data"]!["padding"] = new string('x', LargeBody - node.ToJsonString().Length - 32);
        var (attempt, different) = await DeliverAsync(node.ToJsonString(), cancellationToken);
        return different ?? attempt.Response?.Status switch
        {
            >= 200 and < 300 => Finding.Sound("body_size", $"{Size} is accepted."),
            400 when attempt.Response.RejectedReason is null => Rejection.BodyChanged(
                "a body of 255 KiB is rejected (400), but a small body is not, so something truncates it"),
            502 or 504 => Finding.Fault(
                "body_limit",
                $"{Size} gets {attempt.Outcome}: a proxy cannot pass it on.",
                $"The server behind the proxy may close the connection. {Raise}"),
            503 => Finding.Fault(
                "not_stored",
                $"{Size} is not stored (503), but a small body is.",
                "Check the maximum size of the inbox's column or message. A MySQL BLOB holds 64 KiB."),
            null when attempt.IsOutOfTime => Finding.Note("body_size_unknown", $"Not checked: {Size}. Time was up."),
            null => Finding.Fault("body_limit", $"{Size} gets no response ({attempt.Silence!.Message}).", Raise),
            413 => Finding.Fault("body_limit", $"{Size} is too large (413).", Raise),
            _ => Finding.Fault("body_limit", $"{Size} is rejected ({attempt.Outcome}).", Raise),
        };
    }

    // Several times: perhaps one of several machines differs.
    private async Task<(Attempt Attempt, Finding? Different)> DeliverAsync(
        string payload, CancellationToken cancellationToken)
    {
        var signer = new WebhookSigner(secrets[0]);
        var attempts = await deliverer.AttemptAsync(FewCopies, () => signer.Sign(payload), url, cancellationToken);
        return (
            attempts.FirstOrDefault(attempt => !attempt.IsOutOfTime) ?? attempts[0],
            AreDifferent(attempts) ? Attempt.Differ("copies of a signed delivery", attempts) : null);
    }

    private string ChooseType()
    {
        var handled = Health?.HandledTypes ?? [];
        return handled.Any(
            one => HealthData.Covers(one, WebhookEventTypes.ResponseCompleted)) ? WebhookEventTypes.ResponseCompleted
            : SampleEvents.Types.FirstOrDefault(
                known => handled.Any(one => HealthData.Covers(one, known))) ?? WebhookEventTypes.ResponseCompleted;
    }
}
