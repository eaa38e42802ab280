using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Checks an endpoint from outside, in an order in which each fault would hide the next.</summary>
internal sealed class ServerDiagnosis(
    Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, Uri? healthUrl, string? type, bool sendsEvents)
{
    // Each one goes to a server that may not be the user's.
    private const int MaxGuesses = 12;

    // Not 405, 429, 502, 503 and 504, which do not come from an endpoint.
    private static readonly int[] OtherRejections = [401, 402, 403, 404, 406, 409, 412, 422, 500, 501];

    // With which endpoints that somebody wrote reject signatures.
    private static readonly int[] SignatureRejections = [401, 403, 406, 412, 422];

    /// <summary>The largest clock skew that is not reported: one minute less than the tolerance.</summary>
    public static TimeSpan MaxSkew { get; } = TimeSpan.FromMinutes(4);

    /// <summary>The data of the application's health check; null if there is no readable one.</summary>
    public HealthData? Health { get; private set; }

    /// <summary>Whether a delivery that was signed with the given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    /// <summary>Whether a handler was so slow that another event should not be sent.</summary>
    public bool IsSlow { get; private set; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reaching = ReachAsync(cancellationToken);
        (Health, var badGateway) = await HealthData.ReadAsync(deliverer, url, healthUrl, cancellationToken);
        var (found, response) = await reaching;
        yield return found;
        if (response is null)
        {
            yield break;
        }

        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
        {
            yield return Finding.Fault(
                "not_https",
                "The URL is http. OpenAI delivers to https only.",
                "Give the endpoint an https URL, here and at OpenAI.");
        }

        var unsigned = await InterpretUnsignedAsync(response, cancellationToken);
        yield return unsigned;
        if (unsigned.Level == Level.Fault)
        {
            yield break;
        }

        // A proxy leaves a machine that is down out for a while, so the same request gets another response next time.
        if (badGateway is not null
            && (await deliverer.AttemptAsync(
                new HttpRequestMessage(HttpMethod.Get, badGateway), cancellationToken)).Response is { } again
            && !HealthData.IsOfGateway(again))
        {
            yield return Finding.Fault(
                "nodes_differ",
                $"GET {badGateway.AbsolutePath} got a 502 or 504, and then {again.Status}: a proxy divides requests "
                + "between several machines, and one of them is down.",
                "Start the machine, or take it out of the proxy's configuration. Until then, some deliveries may "
                + "fail.");
        }

        yield return Health is null
            ? Finding.Note(
                "no_health_check",
                "Not checked: the handled types, the application's clock, and the last characters of its secret. "
                + (healthUrl is null ? "No health check shows them."
                    : $"{Words.Of(healthUrl)} does not show them "
                        + $"({await OutcomeAsync(healthUrl, cancellationToken)})."),
                "Map one: app.MapHealthChecks(\"/health/webhooks\", new() { ResponseWriter = "
                + "WebhookHealthResponse.WriteAsync }), with AddHealthChecks().AddOpenAIWebhooks().")
            : Finding.Sound("health_check", $"The health check at {Health.Url.AbsolutePath} can be read.");
        if (Health is { IsOfEndpoint: false })
        {
            yield return Finding.Note(
                "health_check_of_another",
                $"The health check at {Words.Of(Health.Url)} belongs to an application that maps "
                + (Health.MappedPaths.Count == 0
                    ? "no endpoint with MapOpenAIWebhooks."
                    : $"{Words.List(Health.MappedPaths)}, which does not match this URL's path.")
                + " It is used only to check the clock.");
        }

        yield return CompareClocks(response);
        if (!sendsEvents)
        {
            yield return Finding.Note(
                "not_sent",
                "No event was sent (--no-events), so the application's secret was not checked, nor whether it verifies "
                + "signatures.");
            yield break;
        }

        var deliveries = new SignedDeliveries(deliverer, url, secrets, type, response) { Health = Health };
        await foreach (var finding in deliveries.DiagnoseAsync(cancellationToken))
        {
            yield return finding;
        }

        IsDelivered = deliveries.IsDelivered;
        IsSlow = deliveries.IsSlow;
    }

    private async Task<string> OutcomeAsync(Uri health, CancellationToken cancellationToken)
    {
        var attempt = await deliverer.AttemptAsync(new HttpRequestMessage(HttpMethod.Get, health), cancellationToken);
        return attempt.Silence?.Message ?? attempt.Outcome;
    }

    /// <summary>Creates the fault for a clock that is fast, or slow if the skew is negative.</summary>
    public static Finding ClockFault(TimeSpan skew, string whose, string measuredBy = "this machine's")
        => Finding.Fault(
            "clock",
            $"The {whose}'s clock is {(skew > TimeSpan.Zero ? "fast" : "slow")} by {Words.Of(skew.Duration())}, "
            + $"compared with {measuredBy}. Deliveries more than 5 minutes off are rejected.",
            "Synchronize the clocks (NTP). If the application replaces TimeProvider, check its replacement.");

    private async Task<(Finding Finding, ServerResponse? Response)> ReachAsync(CancellationToken cancellationToken)
    {
        var attempt = await deliverer.AttemptUnsignedAsync(url, cancellationToken);
        var silence = new Silence(deliverer, url);
        if (attempt.Response is not { } response)
        {
            return (await FindDifferentAsync(attempt, cancellationToken)
                ?? await silence.ExplainAsync(attempt.Silence!, cancellationToken), null);
        }

        return await silence.ExplainProtocolAsync(response, cancellationToken) is { } protocol
            ? (protocol, null)
            : (Finding.Sound(
                "reached",
                url.Scheme == Uri.UriSchemeHttps
                    ? $"{url.Authority} responds, with a certificate that is trusted."
                    : $"{url.Authority} responds."),
                response);
    }

    private async Task<Finding> InterpretUnsignedAsync(ServerResponse response, CancellationToken cancellationToken)
    {
        if (response.Status == 400)
        {
            return response.Body.Contains("Invalid Hostname", StringComparison.OrdinalIgnoreCase) ? Finding.Fault(
                "host_filtering",
                $"The server rejects the host name {url.Host} (400, Invalid Hostname).",
                "Add the name to AllowedHosts in the application's configuration.")
                : response.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase)
                    ? Finding.Fault(
                        "antiforgery",
                        "Antiforgery rejects the request (400). OpenAI sends no token; the signature is the "
                        + "authentication.",
                        "Exempt the endpoint: use [IgnoreAntiforgeryToken] on the action, or .DisableAntiforgery() on "
                        + "the endpoint.")
                : response.Body.Contains("SSL certificate", StringComparison.OrdinalIgnoreCase)
                    ? Finding.Fault(
                        "client_certificate",
                        "The server requires a certificate of the client (400). OpenAI has none; the signature is the "
                        + "authentication.",
                        "Exempt the endpoint's path from client certificates (mTLS).")
                : response.Body.Length > 0 && response.RejectedReason is null
                    ? Finding.Note(
                        "rejects_unsigned",
                        "A request without a signature is rejected with 400 and a response body. The library's "
                        + "endpoint writes no body, so a controller or something in front of the endpoint responded.")
                : Finding.Sound(
                    "rejects_unsigned", "A request without a signature is rejected (400), as it should be.");
        }

        if (ForeignResponse.ExplainTunnel(url, response) is { } tunnel)
        {
            return tunnel;
        }

        // An endpoint that somebody wrote may reject with another status.
        if (OtherRejections.Contains(response.Status) && sendsEvents && secrets.Count > 0)
        {
            var signed = await deliverer.AttemptAsync(
                new WebhookSigner(secrets[0]).Sign(SampleEvents.CreateUnhandled()), url, cancellationToken);
            if (signed.Response is null)
            {
                return SignedDeliveries.SlowHandler("event", signed.Silence!);
            }

            if (signed.Response is { IsSuccess: true, IsHtml: false })
            {
                return Finding.Sound(
                    "rejects_unsigned",
                    $"A request without a signature is rejected ({response.Status}); a request with a signature is "
                    + "not.");
            }

            if (SignatureRejections.Contains(response.Status)
                && signed.Response.Status == response.Status
                && response.Gateway is null
                && !response.Headers["WWW-Authenticate"].Any()
                && await new Rejection(deliverer, url, secrets, response, Health).FindCauseAsync(
                    SampleEvents.CreateUnhandled(), cancellationToken) is { } cause)
            {
                return cause;
            }
        }

        if (response.Status is 404 or 405 or >= 500 or (>= 200 and < 300)
            && await FindDifferentAsync(new(response), cancellationToken) is { } different)
        {
            return different;
        }

        if (!ForeignResponse.MayBeOfAnotherPath(url, response))
        {
            return ForeignResponse.Explain(url, response);
        }

        if (await FindEndpointNearAsync(cancellationToken) is { } near)
        {
            return Finding.Fault(
                "path",
                $"The endpoint is at {near.AbsolutePath}, not at {url.AbsolutePath} ({response.Status}).",
                $"Use {Words.Of(near)} here and at OpenAI.");
        }

        return response.Status is 404 or 405
            && Health is { MappedPaths: [_, ..] mapped }
            && !mapped.Contains(url.AbsolutePath, StringComparer.OrdinalIgnoreCase)
            ? Finding.Fault(
                "path",
                $"There is no endpoint at {url.AbsolutePath} ({response.Status}). The application's health check says "
                + $"that it maps {string.Join(" and ", mapped)}.",
                "Use that path here and at OpenAI. Include the path base, and any prefix that a proxy adds or removes.")
            : ForeignResponse.Explain(url, response);
    }

    // Another machine behind the same address may respond as an endpoint does.
    private async Task<Finding?> FindDifferentAsync(Attempt first, CancellationToken cancellationToken)
    {
        var again = await Task.WhenAll(Enumerable.Range(0, SignedDeliveries.Copies).Select(
            _ => deliverer.AttemptUnsignedAsync(url, cancellationToken)));
        return again.Any(attempt => attempt.Response is { Status: 400 } or { RejectedReason: not null })
            ? Attempt.Differ("requests without a signature", [first, .. again])
            : null;
    }

    private async Task<Uri?> FindEndpointNearAsync(CancellationToken cancellationToken)
    {
        var paths = (Health?.MappedPaths.Where(path => !path.Contains('{', StringComparison.Ordinal)) ?? [])
            .Concat(NearPaths.Of(url.AbsolutePath));
        var near = paths.Select(path => new UriBuilder(url) { Path = path }.Uri)
            .Where(other => other.AbsolutePath != url.AbsolutePath)
            .Distinct()
            .Take(MaxGuesses)
            .ToList();
        var attempts = await Task.WhenAll(
            near.Select(other => deliverer.AttemptUnsignedAsync(other, cancellationToken)));
        return near.Zip(attempts).FirstOrDefault(pair => pair.Second.Response
            is { Status: 400, Body.Length: 0 } or { RejectedReason: not null }).First;
    }

    private Finding CompareClocks(ServerResponse response)
    {
        var now = DateTimeOffset.UtcNow;
        if ((Health?.Time ?? response.ServerTime) is not { } time)
        {
            return Finding.Note("clock_unknown", "Not checked: the server's clock.");
        }

        var skew = time - now;
        string seconds = Math.Max(1, Math.Round(skew.Duration().TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return skew.Duration() >= MaxSkew && Health?.Time is null && sendsEvents && secrets.Count > 0
                ? Finding.Note(
                    "clock_date",
                    $"The clock in the response (Date) is {Words.Of(skew.Duration())} "
                    + $"{(skew > TimeSpan.Zero ? "fast" : "slow")}, compared with this machine's. It may be a proxy's "
                    + "clock. A signed event checks the application's clock.")
            : skew.Duration() >= MaxSkew ? ClockFault(skew, Health?.Time is null ? "server" : "application")
            : Health?.Time is null
                ? Finding.Sound(
                    "clock",
                    $"The clock in the response (Date) is within {seconds} s of this machine's. The application's own "
                    + "clock was not checked.")
            : Finding.Sound("clock", $"The application's clock is within {seconds} s of this machine's.");
    }
}
