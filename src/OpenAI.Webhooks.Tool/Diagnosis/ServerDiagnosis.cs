using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>What can be seen of an endpoint from outside, in the order in which one fault hides the next.</summary>
internal sealed class ServerDiagnosis(Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, Uri? healthUrl, string? type, bool sendsEvents)
{
    private const string StoreFirst = "Store the delivery and handle it afterwards: AddQuartzInbox, or an inbox of your own.";
    private const int LargeBody = 255 * 1024;

    // Kestrel's limit is 30,000,000 bytes.
    private const int OverAnyLimit = 31_000_000;

    private static readonly TimeSpan SlowHandler = TimeSpan.FromSeconds(3);

    // What an endpoint's path is often called.
    private static readonly string[] UsualPaths = ["/webhooks/openai", "/webhook/openai", "/webhooks", "/webhook", "/openai/webhooks", "/openai/webhook", "/api/webhooks/openai", "/api/webhooks", "/api/webhook", "/"];

    /// <summary>How far a clock may be off without an alarm: a minute less than the tolerance.</summary>
    public static TimeSpan MaxSkew { get; } = TimeSpan.FromMinutes(4);

    /// <summary>What the application's health check told; null if it has none that can be read.</summary>
    public HealthData? Health { get; private set; }

    /// <summary>Whether a delivery that was signed with the given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
        {
            yield return Finding.Fault("not_https", "The URL is http. OpenAI delivers to https only.", "Give the endpoint an https URL, here and at OpenAI.");
        }

        var (found, answer) = await ReachAsync(cancellationToken);
        yield return found;
        if (answer is null)
        {
            yield break;
        }

        var reached = await InterpretUnsignedAsync(answer, cancellationToken);
        yield return reached;
        if (reached.Level == Level.Fault)
        {
            yield break;
        }

        Health = await HealthData.ReadAsync(deliverer, url, healthUrl, cancellationToken);
        yield return Health is null
            ? Finding.Note("no_health_check", $"Not seen: handled types, the application's clock, its secret's hint and why it last rejected a request. {(healthUrl is null ? "No health check shows them" : $"{healthUrl} does not show them")}.",
                "Map one: app.MapHealthChecks(\"/health/webhooks\", new() { ResponseWriter = WebhookHealthResponse.WriteAsync }), with AddHealthChecks().AddOpenAIWebhooks().")
            : Finding.Sound("health_check", $"The health check at {Health.Url.AbsolutePath} can be read.");
        yield return CompareClocks(answer);
        if (!sendsEvents || secrets.Count == 0)
        {
            yield return Finding.Note("not_sent", secrets.Count == 0 ? "No signed event was sent, because there is no secret." : "No signed event was sent (--no-events).",
                secrets.Count == 0 ? $"Set {SecretOptions.Variable}, or use --secret-from." : null);
            yield break;
        }

        var delivered = await DeliverAsync(cancellationToken);
        yield return delivered;
        if (IsDelivered == true)
        {
            yield return await DeliverAsWrittenByOthersAsync(cancellationToken);
            yield return await DeliverLargeAsync(cancellationToken);
        }
    }

    private async Task<(Finding Finding, Answer? Answer)> ReachAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await PostUnsignedAsync(url, cancellationToken);
            return (Finding.Sound("reached", $"{url.Authority} answers{(url.Scheme == Uri.UriSchemeHttps ? ", with a certificate that is trusted" : "")}."), answer);
        }
        catch (NoAnswerException exception)
        {
            return (ExplainSilence(exception), null);
        }
    }

    private Finding ExplainSilence(NoAnswerException exception)
        => exception.Certificate is { } certificate
            ? Finding.Fault("certificate", $"The TLS certificate of {url.Host} is refused: {certificate}.", "Install a certificate of a public authority for this host, with its intermediates. OpenAI verifies it.")
            : exception.Error switch
            {
                HttpRequestError.NameResolutionError => Finding.Fault("name", $"The name {url.Host} does not resolve.", "Check the spelling and the DNS entry."),
                HttpRequestError.ConnectionError => Finding.Fault("nobody_listens", $"Nobody listens at {url.Authority} ({exception.Message}).", "Start the application, and check the port, the firewall and the tunnel."),
                HttpRequestError.SecureConnectionError => Finding.Fault("tls", $"{url.Authority} does not speak TLS as it should ({exception.Message}).", "Check that the port is the https one, and what terminates TLS."),
                HttpRequestError.Unknown => Finding.Fault("no_answer", $"{url.Authority} accepts the connection and gives {exception.Message}.", "Check whether the application hangs, or a proxy waits for it."),
                _ => Finding.Fault("no_http", $"{url.Authority} does not answer as an HTTP server ({exception.Message}).", "Check the scheme and the port: this may be the https port, or another program."),
            };

    private async Task<Finding> InterpretUnsignedAsync(Answer answer, CancellationToken cancellationToken)
    {
        switch (answer.Status)
        {
            case 400 when answer.Body.Contains("Invalid Hostname", StringComparison.OrdinalIgnoreCase):
                return Finding.Fault("host_filtering", $"The server refuses the host name {url.Host} (400, Invalid Hostname).", "Add the name to AllowedHosts in the application's configuration.");
            case 400 when answer.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase):
                return Finding.Fault("antiforgery", "Antiforgery refuses the request (400). OpenAI has no token; the signature is the proof.", "Except the endpoint: [IgnoreAntiforgeryToken] on the action, or .DisableAntiforgery() on the endpoint.");
            case 400 when answer.Body.Length > 0:
                return Finding.Note("rejects_unsigned", "A request without a signature is rejected with 400 and a body, which the library's endpoint does not write: a controller, or something in front of the endpoint.");
            case 400:
                return Finding.Sound("rejects_unsigned", "A request without a signature is rejected (400), as it should be.");
            case 404:
                return await FindPathAsync(answer, cancellationToken);
            case 405:
                return await IsEndpointNearAsync(cancellationToken) is { } other
                    ? Finding.Fault("method", $"{url.AbsolutePath} does not take POST (405), but {other.AbsolutePath} does.", $"Use {other}, at OpenAI too.")
                    : Finding.Fault("method", $"{url.AbsolutePath} does not take POST (405{(answer.Headers["Allow"].FirstOrDefault() is { } allow ? $", only {allow}" : "")}).", "Map the endpoint with MapOpenAIWebhooks, or [HttpPost], at this path. A static file or a page may have the path instead.");
            case >= 300 and < 400:
                return Redirect(answer);
            case 401 or 403:
                return Finding.Fault("authorization", $"A policy demands a login ({answer.Status}). OpenAI has none; the signature is the proof.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns, or put [AllowAnonymous] on the action; or except the path where a proxy or gateway demands it.");
            case >= 200 and < 300 when answer.IsHtml:
                return Finding.Fault("html_page", $"A page answers ({answer.Status}, HTML), not the endpoint: a login page, a start page or a tunnel's warning. OpenAI would count deliveries as done.", "Map the endpoint before the fallback to a page, and except its path from logins.");
            case >= 200 and < 300:
                return Finding.Fault("accepts_unsigned", $"A request without a signature is accepted ({answer.Status}). Either anybody can send events, or something in front answers for the endpoint.", "Verify the signature: MapOpenAIWebhooks does. Check what answers at this path.");
            case 413:
                return Finding.Fault("body_limit", "Even a body of two bytes is too large (413).", "Raise the body limit of the server or proxy to at least 256 KiB.");
            case 415:
                return Finding.Fault("content_type", "The content type application/json is refused (415).", "Remove [Consumes] or the reading of forms from the action; the endpoint needs the raw body.");
            case 429:
                return Finding.Fault("rate_limit", "A rate limit refuses the request (429).", "Except the endpoint: .DisableRateLimiting() on what MapOpenAIWebhooks returns. OpenAI may send many deliveries at once.");
            case 502 or 503 or 504:
                return Finding.Fault("behind_proxy", $"A proxy or gateway answers {answer.Status}: it does not reach the application, or the application is not ready.", "Start the application, and check the address that the proxy has for it.");
            case >= 500:
                return Finding.Fault("fails_unsigned", $"The application fails on a request without a signature ({answer.Status}), before anything is verified.", answer.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase)
                    ? "Antiforgery refuses it. Except the endpoint: [IgnoreAntiforgeryToken], or .DisableAntiforgery()." : "Look at the exception in its log. Middleware may read the body or a header and fail, the antiforgery service may refuse it, or two endpoints have the same path.");
            default:
                return Finding.Fault("unexpected", $"The endpoint answers {answer.Status} to a request without a signature; 400 is expected.", "Check what answers at this path.");
        }
    }

    private Finding Redirect(Answer answer)
    {
        string location = answer.Location ?? "";
        if (!Uri.TryCreate(url, location, out var target))
        {
            return Finding.Fault("redirect", $"The server redirects ({answer.Status}) without a usable location. OpenAI does not follow redirects.", "Let the endpoint answer itself.");
        }

        string[] loginWords = ["login", "signin", "sign-in", "account", "oauth", "authorize", "saml"];
        return loginWords.Any(word => target.ToString().Contains(word, StringComparison.OrdinalIgnoreCase))
                ? Finding.Fault("authorization", $"A policy demands a login ({answer.Status} to {target.GetLeftPart(UriPartial.Path)}). OpenAI has none; the signature is the proof.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns, or except the path where a proxy demands it.")
            : target.Scheme == Uri.UriSchemeHttps && url.Scheme == Uri.UriSchemeHttp
                ? Finding.Fault("redirect", $"The server redirects to https ({answer.Status}). OpenAI does not follow redirects.", $"Use {target}, at OpenAI too. Behind a proxy that terminates TLS, add UseForwardedHeaders before UseHttpsRedirection.")
            : target.AbsolutePath.TrimEnd('/') == url.AbsolutePath.TrimEnd('/') && target.Host == url.Host
                ? Finding.Fault("redirect", $"The server redirects ({answer.Status}) because of a slash at the end of the path. OpenAI does not follow redirects.", $"Use {target}, at OpenAI too.")
            : target.Scheme == url.Scheme && target.Authority == url.Authority && target.AbsolutePath == url.AbsolutePath
                ? Finding.Fault("redirect", $"The server redirects to itself ({answer.Status}).", "Behind a proxy that terminates TLS, add UseForwardedHeaders before UseHttpsRedirection.")
            : Finding.Fault("redirect", $"The server redirects to {target.GetLeftPart(UriPartial.Path)} ({answer.Status}). OpenAI does not follow redirects.", "Use that URL, at OpenAI too, if it is the endpoint's.");
    }

    private async Task<Finding> FindPathAsync(Answer answer, CancellationToken cancellationToken)
        => await IsEndpointNearAsync(cancellationToken) is { } other
            ? Finding.Fault("path", $"There is nothing at {url.AbsolutePath} (404), but an endpoint at {other.AbsolutePath}.", $"Use {other}, at OpenAI too.")
            : Finding.Fault("path", $"There is nothing at {url.AbsolutePath} (404{(answer.IsHtml ? ", an HTML page" : "")}), nor at paths like it.", "Compare the path with that of MapOpenAIWebhooks in the application's log at start, with the path base and what a proxy cuts off.");

    private async Task<Uri?> IsEndpointNearAsync(CancellationToken cancellationToken)
    {
        string path = url.AbsolutePath;
        string decoded = Uri.UnescapeDataString(path).Trim();
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> near =
        [
            path.TrimEnd('/'), path.TrimEnd('/') + "/", path.Replace("//", "/", StringComparison.Ordinal), decoded.TrimEnd('/'), path.ToLowerInvariant(),
            .. segments.Select((_, i) => "/" + string.Join('/', segments[i..])),
            .. segments.Select((_, i) => "/" + string.Join('/', segments[..^i])),
            "/" + string.Join('/', segments.Reverse()),
            "/api" + path, "/v1" + path, path.Replace("webhooks", "webhook", StringComparison.OrdinalIgnoreCase), path.Replace("webhook", "webhooks", StringComparison.OrdinalIgnoreCase),
            path.Replace('_', '-'), path.Replace("-", "", StringComparison.Ordinal), path.Replace("web-hook", "webhook", StringComparison.OrdinalIgnoreCase),
            path.TrimEnd('/') + "/openai", path.TrimEnd('/') + "/webhooks",
            .. UsualPaths, .. segments.Take(1).SelectMany(first => UsualPaths.Select(usual => $"/{first}{usual}")),
        ];
        foreach (string candidate in near.Where(candidate => candidate.Length > 0 && candidate != path).Distinct())
        {
            var other = new UriBuilder(url) { Path = candidate }.Uri;
            try
            {
                if (other.AbsolutePath != path && await PostUnsignedAsync(other, cancellationToken) is { Status: 400, Body.Length: 0 })
                {
                    return other;
                }
            }
            catch (NoAnswerException)
            {
                return null;
            }
        }

        return null;
    }

    private Finding CompareClocks(Answer answer)
    {
        var now = DateTimeOffset.UtcNow;
        if ((Health?.Time ?? answer.ServerTime) is not { } time)
        {
            return Finding.Note("clock_unknown", "Not seen: the server's clock.");
        }

        var skew = time - now;
        string whose = Health?.Time is null ? "server" : "application";
        return skew.Duration() < MaxSkew
            ? Finding.Sound("clock", $"The {whose}'s clock agrees with this machine's to {Math.Max(1, Math.Round(skew.Duration().TotalSeconds)).ToString(CultureInfo.InvariantCulture)} s.")
            : ClockFault(skew, whose);
    }

    private static Finding ClockFault(TimeSpan skew, string whose)
        => Finding.Fault("clock", $"The {whose}'s clock is {(skew > TimeSpan.Zero ? "fast" : "slow")} by {Text(skew.Duration())}, measured by this machine's. Deliveries more than 5 minutes off are rejected.", "Synchronize the clocks (NTP). If the application replaces TimeProvider, check that.");

    private async Task<Finding> DeliverAsync(CancellationToken cancellationToken)
    {
        string sent = type ?? ChooseType();
        string payload = SampleEvents.Create(sent, DateTimeOffset.UtcNow).ToJson();
        try
        {
            var answer = await SignAndSendAsync(payload, secrets[0], TimeSpan.Zero, cancellationToken);
            IsDelivered = answer.IsSuccess;
            return answer.Status switch
            {
                >= 200 and < 300 when answer.Elapsed > SlowHandler => Finding.Fault("slow_handler", $"A signed {sent} was accepted, but only after {Text(answer.Elapsed)}. OpenAI waits only seconds.", StoreFirst),
                >= 200 and < 300 when Health?.HandledTypes is { } handled && !handled.Any(one => HealthData.Covers(one, sent)) => Finding.Note("delivered_unhandled", $"A signed {sent} is accepted ({answer.Status}), but no handler takes it."),
                >= 200 and < 300 => Finding.Sound("delivered", $"A signed {sent} is accepted ({answer.Status} in {Text(answer.Elapsed)})."),
                400 => await ExplainRejectionAsync(payload, cancellationToken),
                401 or 403 => Finding.Fault("authorization", $"A signed delivery is refused with {answer.Status}.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns."),
                413 => Finding.Fault("body_limit", $"A body of {payload.Length} bytes is too large (413).", "Raise OpenAI:Webhooks:MaxBodyBytes, or the limit of the server or proxy, to 256 KiB."),
                429 => Finding.Fault("rate_limit", "A rate limit refuses the delivery (429).", "Except the endpoint from it. OpenAI may send many deliveries at once."),
                503 => Finding.Fault("not_stored", "The signature is accepted, but the delivery is not stored (503).", "Look for \"could not be stored\" in the application's log, and check the inbox's database or queue."),
                504 => Finding.Fault("slow_handler", "The delivery runs into a timeout of the application or a proxy (504).", StoreFirst),
                >= 500 => Finding.Fault("handler_fails", $"The signature is accepted, but the handler of {sent} fails ({answer.Status}) on a sample event.", "Look for \"A handler failed\" in the application's log. If it fails only because the sample's ids do not exist, let it treat 404 as done, as for OpenAI's own test events."),
                _ => Finding.Fault("unexpected", $"The endpoint answers {answer.Status} to a signed {sent}.", "Check what stands in front of the endpoint."),
            };
        }
        catch (NoAnswerException exception)
        {
            IsDelivered = false;
            return Finding.Fault("slow_handler", $"A signed {sent} gets {exception.Message}, though a request without a signature was answered. OpenAI waits only seconds.", $"The handler takes too long, or hangs. {StoreFirst}");
        }
    }

    private async Task<Finding> ExplainRejectionAsync(string payload, CancellationToken cancellationToken)
    {
        Health = Health is null ? null : await HealthData.ReadAsync(deliverer, url, Health.Url, cancellationToken);
        switch (Health?.LastRejectedReason)
        {
            case var _ when Health is { HasJustRejected: false }:
                return RejectedBefore("Something in front of the endpoint answers 400, such as antiforgery; the endpoint itself does not see the request");
            case "body_read_before":
                return Finding.Fault("body_read", "Something in front of the endpoint reads the body, so that nothing is left to verify.", "Let middleware that reads bodies, such as logging, call request.EnableBuffering() and rewind the body, or run after the endpoint.");
            case "body_malformed":
                return Finding.Fault("body_changed", "Something in front of the endpoint cannot decode the body.", "Check request decompression, and proxies that change Content-Encoding.");
            case string reason when reason.StartsWith("missing_", StringComparison.Ordinal) || reason.StartsWith("repeated_", StringComparison.Ordinal):
                return Finding.Fault("headers_changed", $"The headers webhook-id, webhook-timestamp and webhook-signature do not arrive as they were sent ({reason}).", "Let the proxy or gateway pass them on, once each.");
            default:
                break;
        }

        foreach (string other in secrets.Skip(1))
        {
            if ((await SignAndSendAsync(payload, other, TimeSpan.Zero, cancellationToken)).IsSuccess)
            {
                IsDelivered = true;
                return Finding.Note("second_secret", "The application does not have the first of the secrets given here, but another of them. That is how it should be in the middle of a rotation only.");
            }
        }

        foreach (var shift in Shifts())
        {
            if ((await SignAndSendAsync(payload, secrets[0], shift, cancellationToken)).IsSuccess)
            {
                return ClockFault(shift, "application");
            }
        }

        if (await IsTooLargeBadRequestAsync(cancellationToken))
        {
            return RejectedBefore("Something in front of the endpoint answers 400, such as antiforgery, or the webhook headers do not arrive");
        }

        if (await FindChangeAsync(payload, cancellationToken) is { } change)
        {
            return BodyChanged(change);
        }

        return Finding.Fault("signature", Health?.LastRejectedReason == "signature_mismatch"
                ? "The application rejects the signature (400): it has another secret than the one given here, or the body is changed on its way."
                : "A delivery that is signed with the secret given here is rejected (400), and the clock does not explain it. Most likely the application has another secret: of another endpoint, or from before a rotation. Otherwise something in front of the endpoint reads or changes the body or the webhook headers, or a tolerance is set too small.",
            "Compare the application's secret with that of this endpoint at OpenAI. The application's log says \"Rejected a webhook\" and why; if it says nothing, something in front of the endpoint answers.");
    }

    private static Finding RejectedBefore(string what)
        => Finding.Fault("rejected_before", $"{what}.", "Let proxies pass the webhook headers on. Except the path from antiforgery ([IgnoreAntiforgeryToken], .DisableAntiforgery()), from model binding ([FromBody]) and from filters that validate requests.");

    // The endpoint answers 413 to a body that claims to be longer than any server takes. Whoever is in front of it and looks at
    // other things does not. The body itself is sent only if somebody asks for it.
    private async Task<bool> IsTooLargeBadRequestAsync(CancellationToken cancellationToken)
    {
        using var request = new WebhookSigner(secrets[0]).Sign(new byte[OverAnyLimit]).ToRequest(url);
        request.Headers.ExpectContinue = true;
        try
        {
            return (await deliverer.SendAsync(request, cancellationToken)).Status == 400;
        }
        catch (NoAnswerException)
        {
            return false;
        }
    }

    // The application verifies the body as it sees it: sign that one, and send the other.
    private async Task<string?> FindChangeAsync(string payload, CancellationToken cancellationToken)
    {
        byte[] sent = Encoding.UTF8.GetBytes(payload);
        foreach (var (mistake, seen) in BodyVariants.Of(sent))
        {
            using var request = new WebhookSigner(secrets[0]).Sign(seen).ToRequest(url);
            request.Content = JsonContent(sent);
            if ((await deliverer.SendAsync(request, cancellationToken)).IsSuccess)
            {
                return mistake;
            }
        }

        return null;
    }

    private static Finding BodyChanged(string how)
        => Finding.Fault("body_changed", $"The body is changed on its way to the endpoint: {how}.", "Let the proxy or middleware pass the bytes on as they came. The signature holds for the exact bytes.");

    // White space, escapes, and text beyond ASCII: what software that reads and writes JSON does not leave alone.
    private async Task<Finding> DeliverAsWrittenByOthersAsync(CancellationToken cancellationToken)
    {
        var node = JsonNode.Parse(Unhandled())!;
        node["data"]!["text"] = "Zoë ☎ </a> é";
        string payload = node.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }).Replace("\\u00EB", "ë", StringComparison.OrdinalIgnoreCase) + "\n";
        try
        {
            var answer = await SignAndSendAsync(payload, secrets[0], TimeSpan.Zero, cancellationToken);
            if (answer.Status != 400)
            {
                return Finding.Sound("body_exact", "White space, escapes and accents arrive as they were sent.");
            }

            return BodyChanged(await FindChangeAsync(payload, cancellationToken) ?? "white space, escapes or characters beyond ASCII do not arrive as they were sent");
        }
        catch (NoAnswerException exception)
        {
            return Finding.Note("body_unknown", $"A delivery with white space and accents got {exception.Message}.");
        }
    }

    // With a wrong signature, so that no handler sees it.
    private async Task<Finding> DeliverLargeAsync(CancellationToken cancellationToken)
    {
        var node = JsonNode.Parse(Unhandled())!;
        node["data"]!["padding"] = new string('x', LargeBody - node.ToJsonString().Length - 32);
        try
        {
            var answer = await SignAndSendAsync(node.ToJsonString(), SecretOptions.CreateRandom(), TimeSpan.Zero, cancellationToken);
            return answer.Status == 400
                ? Finding.Sound("body_size", "Bodies up to 255 KiB are let through.")
                : Finding.Fault("body_limit", $"A body of 255 KiB is refused ({answer.Status}). Most events are small; a call's can be over 100 KiB.", "Raise the limit to 256 KiB: OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's client_max_body_size.");
        }
        catch (NoAnswerException exception)
        {
            return Finding.Fault("body_limit", $"A body of 255 KiB got no answer ({exception.Message}). Most events are small; a call's can be over 100 KiB.", "Check the body limits of the server and the proxy.");
        }
    }

    private Task<Answer> SignAndSendAsync(string payload, string secret, TimeSpan shift, CancellationToken cancellationToken)
        => deliverer.DeliverAsync(new WebhookSigner(secret, new ShiftedClock(shift)).Sign(payload), url, cancellationToken);

    private async Task<Answer> PostUnsignedAsync(Uri target, CancellationToken cancellationToken)
        => await deliverer.SendAsync(new HttpRequestMessage(HttpMethod.Post, target) { Content = JsonContent("{}"u8.ToArray()) }, cancellationToken);

    private static ByteArrayContent JsonContent(byte[] bytes) => new(bytes) { Headers = { { "Content-Type", "application/json" } } };

    // A type that nobody handles but who handles everything.
    private static string Unhandled() => $$"""{"id":"evt_doctor_{{Guid.NewGuid():N}}","object":"event","created_at":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}},"type":"openai_webhooks.doctor","data":{"id":"doctor"} }""";

    private string ChooseType()
    {
        var handled = Health?.HandledTypes ?? [];
        return handled.Any(one => HealthData.Covers(one, WebhookEventTypes.ResponseCompleted)) ? WebhookEventTypes.ResponseCompleted
            : SampleEvents.Types.FirstOrDefault(known => handled.Any(one => HealthData.Covers(one, known))) ?? WebhookEventTypes.ResponseCompleted;
    }

    // Up to an hour and a half in steps that the tolerance covers, then wrong time zones and days.
    private static IEnumerable<TimeSpan> Shifts()
        => Enumerable.Range(1, 10).Select(step => TimeSpan.FromMinutes(9 * step))
            .Concat(Enumerable.Range(2, 13).Select(hours => TimeSpan.FromHours(hours)))
            .Concat([TimeSpan.FromHours(5.5), TimeSpan.FromDays(1), TimeSpan.FromDays(7)])
            .SelectMany(shift => (TimeSpan[])[shift, -shift]);

    private static string Text(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:F0} ms"),
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"about {span.TotalMinutes:F0} minutes"),
        _ => string.Create(CultureInfo.InvariantCulture, $"about {span.TotalHours:F1} hours"),
    };
}
