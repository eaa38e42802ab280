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

    private const string StoreFirst =
        "Store the delivery and handle it afterwards: AddQuartzInbox, or an inbox of your own.";
    private const int LargeBody = 255 * 1024;

    private static readonly TimeSpan SlowTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Old = TimeSpan.FromHours(1);

    /// <summary>What the application's health check tells; null if it has none.</summary>
    public HealthData? Health { get; init; }

    /// <summary>Whether a delivery that was signed with a given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    /// <summary>Whether the handler was so slow that another event should not be sent.</summary>
    public bool IsSlow { get; private set; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sendingForged = SendAsync(SampleEvents.CreateUnhandled(), WebhookSigner.CreateSecret());
        if (secrets.Count == 0)
        {
            yield return JudgeForged(await sendingForged);
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
        var sendingOld = SendAsync(SampleEvents.CreateUnhandled(), secrets[0], -Old);
        var sendingOthers = secrets.Skip(1)
            .Select(secret => SendAsync(SampleEvents.CreateUnhandled(), secret)).ToList();

        // Copies of one delivery, as OpenAI sends them, so that a handler runs once if it recognizes them.
        var copies = await SendCopiesAsync(() => sample, cancellationToken);
        if (AreDifferent(copies))
        {
            // An endpoint may reject copies that overlap. It does not reject different deliveries.
            copies = await SendCopiesAsync(() => new WebhookSigner(secrets[0]).Sign(payload), cancellationToken);
        }

        yield return JudgeForged(await sendingForged);
        var old = await sendingOld;
        var others = await Task.WhenAll(sendingOthers);
        var delivered = AreDifferent(copies)
            ? Attempt.Differ("copies of a signed delivery", copies)
            : await JudgeAsync(sent, payload, copies, cancellationToken);
        IsDelivered = copies.Any(copy => copy.IsAccepted) || others.Any(other => other.IsAccepted);
        IsSlow = delivered.Code == "slow_handler";
        yield return delivered;
        if (!copies.All(copy => copy.IsAccepted))
        {
            yield break;
        }

        yield return old.IsAccepted
            ? Finding.Fault(
                "accepts_old",
                $"A delivery that was signed an hour ago is accepted ({old.Outcome}). Whoever has recorded one can "
                + "send it again.",
                "Reject a webhook-timestamp that is more than five minutes off. MapOpenAIWebhooks and WebhookVerifier "
                + "do.")
            : Finding.Sound("rejects_old", $"A delivery that was signed an hour ago is rejected ({old.Outcome}).");
        if (others.Length > 0)
        {
            int accepted = others.Count(other => other.IsAccepted) + 1;
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
            var large = DeliverLargeAsync(cancellationToken);
            yield return await asWritten;
            yield return await large;
        }

        Task<Attempt> SendAsync(string text, string secret, TimeSpan shift = default)
            => deliverer.AttemptAsync(
                new WebhookSigner(secret, new ShiftedClock(shift)).Sign(text), url, cancellationToken);
    }

    /// <summary>Creates the fault for a signed delivery that gets no response.</summary>
    public static Finding SlowHandler(string sent, NoResponseException silence)
        => Finding.Fault(
            "slow_handler",
            $"A signed {sent}: {silence.Message}. A request without a signature did get a response. OpenAI waits only "
            + "seconds.",
            $"The handler takes too long, or hangs. {StoreFirst}");

    private static Finding JudgeForged(Attempt forged)
        => forged.IsAccepted
            ? Finding.Fault(
                "accepts_forged",
                $"A delivery with a wrong signature is accepted ({forged.Outcome}). Anyone can send events.",
                "Verify the signature: MapOpenAIWebhooks and WebhookVerifier do. It is not enough that the headers are "
                + "there.")
            : Finding.Sound("rejects_forged", $"A delivery with a wrong signature is rejected ({forged.Outcome}).");

    private Task<Attempt[]> SendCopiesAsync(Func<SignedWebhook> sign, CancellationToken cancellationToken)
        => Task.WhenAll(
            Enumerable.Range(0, Copies).Select(_ => deliverer.AttemptAsync(sign(), url, cancellationToken)));

    private static bool AreDifferent(Attempt[] copies) => copies.Select(copy => copy.Outcome).Distinct().Count() > 1;

    private async Task<Finding> JudgeAsync(
        string sent, string payload, Attempt[] copies, CancellationToken cancellationToken)
    {
        if (copies[0].Response is null)
        {
            return SlowHandler(sent, copies[0].Silence!);
        }

        var response = copies.Select(copy => copy.Response!).MaxBy(copy => copy.Elapsed)!;
        if (response.Elapsed > SlowTime && copies.Any(copy => copy.Response!.Elapsed < SlowTime))
        {
            // A server that does one thing at a time lets the last copy wait for the others.
            var alone = await deliverer.AttemptAsync(
                new WebhookSigner(secrets[0]).Sign(payload), url, cancellationToken);
            response = alone.Response ?? response;
        }

        switch (response.Status)
        {
            case >= 200 and < 300 when response.Elapsed > SlowTime:
                return Finding.Fault(
                    "slow_handler",
                    $"A signed {sent} was accepted, but only after {Words.Of(response.Elapsed)}. OpenAI waits only "
                    + "seconds.",
                    StoreFirst);
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
        var node = JsonNode.Parse(SampleEvents.CreateUnhandled())!;
        node["data"]!["text"] = "Zoë ☎ </a> é";
        string payload = node.ToJsonString(new JsonSerializerOptions
        {
            WriteIndented = true,
            NewLine = "\n",
        }).Replace("\\u00EB", "ë", StringComparison.OrdinalIgnoreCase)
            .Replace("\\u003C/", "</", StringComparison.OrdinalIgnoreCase) + "\n";
        var (attempt, different) = await DeliverTwiceAsync(payload, cancellationToken);
        return different ?? attempt.Response?.Status switch
        {
            >= 200 and < 300 => Finding.Sound("body_exact", $"{Text} arrive as they were sent."),
            400 => Rejection.BodyChanged(
                await new Rejection(deliverer, url, secrets, unsigned, Health).FindChangeAsync(
                    payload, cancellationToken)
                ?? "white space, escapes or characters beyond ASCII do not arrive as they were sent"),
            >= 500 when !await IsPlainAcceptedAsync(cancellationToken) => Finding.Note(
                "unknown_type",
                $"An event of a type that does not exist gets {attempt.Outcome}. A handler may fail on types that it "
                + "does not know."),
            >= 400 => Finding.Fault(
                "body_filtered",
                $"A body with white space, escapes, markup and accents is rejected ({attempt.Outcome}), but a plain "
                + "one is not. A firewall in front of the application, or middleware, inspects bodies.",
                "Exempt the endpoint's path from inspection. The texts in events are other people's, and the signature "
                + "is the authentication."),
            null => Finding.Note(
                "body_unknown", $"Not checked: {Text}. {attempt.Silence!.Message}."),
            _ => ForeignResponse.Explain(url, attempt.Response!),
        };
    }

    private async Task<Finding> DeliverLargeAsync(CancellationToken cancellationToken)
    {
        const string Size = "A body of 255 KiB";
        const string Raise = "Most events are small; a call's can be over 100 KiB. Raise the limit to 256 KiB: "
            + "OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's client_max_body_size.";
        var node = JsonNode.Parse(SampleEvents.CreateUnhandled())!;
        node["data"]!["padding"] = new string('x', LargeBody - node.ToJsonString().Length - 32);
        var (attempt, different) = await DeliverTwiceAsync(node.ToJsonString(), cancellationToken);
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
            >= 500 when !await IsPlainAcceptedAsync(cancellationToken) => Finding.Note(
                "body_size_unknown",
                $"Not checked: whether {Size} is accepted. An event of a type that does not exist gets "
                + $"{attempt.Outcome}."),
            null => Finding.Fault("body_limit", $"{Size} gets no response ({attempt.Silence!.Message}).", Raise),
            413 => Finding.Fault("body_limit", $"{Size} is too large (413).", Raise),
            _ => Finding.Fault("body_limit", $"{Size} is rejected ({attempt.Outcome}).", Raise),
        };
    }

    // Before a body is blamed, it is sent again: perhaps another machine answers.
    private async Task<(Attempt Attempt, Finding? Different)> DeliverTwiceAsync(
        string payload, CancellationToken cancellationToken)
    {
        var signer = new WebhookSigner(secrets[0]);
        var attempt = await deliverer.AttemptAsync(signer.Sign(payload), url, cancellationToken);
        if (attempt.IsAccepted || attempt.Response is null)
        {
            return (attempt, null);
        }

        var again = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => deliverer.AttemptAsync(signer.Sign(payload), url, cancellationToken)));
        return again.Any(other => other.IsAccepted)
            ? (attempt, Attempt.Differ("copies of a signed delivery", [attempt, .. again]))
            : (attempt, null);
    }

    private async Task<bool> IsPlainAcceptedAsync(CancellationToken cancellationToken)
        => (await deliverer.AttemptAsync(
            new WebhookSigner(secrets[0]).Sign(SampleEvents.CreateUnhandled()), url, cancellationToken)).IsAccepted;

    private string ChooseType()
    {
        var handled = Health?.HandledTypes ?? [];
        return handled.Any(
            one => HealthData.Covers(one, WebhookEventTypes.ResponseCompleted)) ? WebhookEventTypes.ResponseCompleted
            : SampleEvents.Types.FirstOrDefault(
                known => handled.Any(one => HealthData.Covers(one, known))) ?? WebhookEventTypes.ResponseCompleted;
    }
}
