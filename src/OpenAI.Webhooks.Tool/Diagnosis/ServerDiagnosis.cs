using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Checks an endpoint from outside, in an order in which each fault would hide the next.</summary>
internal sealed class ServerDiagnosis(
    Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, Uri? healthUrl, string? type, bool sendsEvents)
{
    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(5);

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
        var (found, response) = await ReachAsync(cancellationToken);
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

        Health = await HealthData.ReadAsync(deliverer, url, healthUrl, cancellationToken);
        var unsigned = await InterpretUnsignedAsync(response, cancellationToken);
        if (response.Status is 401 or 403 or 422 && await IsSignedAcceptedAsync(cancellationToken))
        {
            unsigned = Finding.Sound(
                "rejects_unsigned",
                $"A request without a signature is rejected ({response.Status}); a request with a signature is not.");
        }

        yield return unsigned;
        if (unsigned.Level == Level.Fault)
        {
            yield break;
        }

        yield return Health is null
            ? Finding.Note(
                "no_health_check",
                "Not checked: the handled types, the application's clock, the last characters of its secret, and why "
                + "it last rejected a request. "
                + (healthUrl is null ? "No health check shows them." : $"{Words.Of(healthUrl)} does not show them."),
                "Map one: app.MapHealthChecks(\"/health/webhooks\", new() { ResponseWriter = "
                + "WebhookHealthResponse.WriteAsync }), with AddHealthChecks().AddOpenAIWebhooks().")
            : Finding.Sound("health_check", $"The health check at {Health.Url.AbsolutePath} can be read.");
        if (Health is { IsOfEndpoint: false })
        {
            yield return Finding.Note(
                "health_check_of_another",
                $"The health check at {Words.Of(Health.Url)} belongs to an application that maps "
                + $"{Words.List(Health.MappedPaths)}, which does not match this URL's path. It is used only to check "
                + "the clock.");
        }

        yield return CompareClocks(response);
        if (!sendsEvents)
        {
            yield return Finding.Note(
                "not_sent", "No signed event was sent (--no-events), so the application's secret was not checked.");
            yield break;
        }

        if (secrets.Count == 0)
        {
            yield return Finding.Fault(
                "no_secret",
                "No signed event was sent, because doctor was given no secret.",
                $"Set {SecretOptions.Variable}, name another variable with --secret-from, or name a project with user "
                + "secrets with --project. To skip signed events, pass --no-events.");
            yield break;
        }

        var deliveries = new SignedDeliveries(deliverer, url, secrets, type) { Health = Health };
        await foreach (var finding in deliveries.DiagnoseAsync(cancellationToken))
        {
            yield return finding;
        }

        IsDelivered = deliveries.IsDelivered;
        IsSlow = deliveries.IsSlow;
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
        try
        {
            var response = await deliverer.PostUnsignedAsync(url, cancellationToken);
            return (
                Finding.Sound(
                    "reached",
                    url.Scheme == Uri.UriSchemeHttps
                        ? $"{url.Authority} responds, with a certificate that is trusted."
                        : $"{url.Authority} responds."),
                response);
        }
        catch (NoResponseException exception)
        {
            return (ExplainSilence(exception), null);
        }
    }

    private Finding ExplainSilence(NoResponseException exception)
        => exception.Certificate is { } certificate
            ? Finding.Fault(
                "certificate",
                $"The TLS certificate of {url.Host} is invalid: {certificate}.",
                "Install a certificate for this host from a public authority, with the intermediate certificates. "
                + "OpenAI verifies it.")
            : exception.Error switch
            {
                HttpRequestError.NameResolutionError => Finding.Fault(
                    "name", $"The name {url.Host} does not resolve.", "Check the spelling and the DNS entry."),
                HttpRequestError.SecureConnectionError => Finding.Fault(
                    "tls",
                    $"The TLS handshake with {url.Authority} failed ({exception.Message}).",
                    "Check that this is the https port, and check what terminates TLS."),
                _ when exception.SocketError is SocketError.ConnectionReset => Finding.Fault(
                    "connection_reset",
                    $"{url.Authority} accepts the connection and closes it without a response.",
                    "Check the scheme (this may be the https port) and the firewalls, and check that the process "
                    + "behind a port mapping or tunnel is running."),
                _ when exception.SocketError
                    is SocketError.TimedOut
                    or SocketError.HostUnreachable
                    or SocketError.NetworkUnreachable => Finding.Fault(
                    "unreachable",
                    $"{url.Authority} cannot be reached ({exception.Message}).",
                    "Check the address that the name resolves to, the route, and any firewalls and allow lists "
                    + "along it."),
                HttpRequestError.ConnectionError => Finding.Fault(
                    "nobody_listens",
                    $"Nothing is listening at {url.Authority} ({exception.Message}).",
                    "Start the application, and check the port, the firewall and the tunnel."),
                HttpRequestError.Unknown => Finding.Fault(
                    "no_answer",
                    $"{url.Authority}: {exception.Message}.",
                    "The application may hang, a proxy may be waiting for it, or a firewall may drop packets."),
                _ => Finding.Fault(
                    "no_http",
                    $"{url.Authority} does not respond with HTTP ({exception.Message}).",
                    "Check the scheme and the port: this may be the https port, or another program."),
            };

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
                : response.Body.Length > 0
                    ? Finding.Note(
                        "rejects_unsigned",
                        "A request without a signature is rejected with 400 and a response body. The library's "
                        + "endpoint writes no body, so a controller or something in front of the endpoint responded.")
                : Finding.Sound(
                    "rejects_unsigned", "A request without a signature is rejected (400), as it should be.");
        }

        if (!ForeignResponse.MayBeOfAnotherPath(url, response))
        {
            return ForeignResponse.Explain(url, response);
        }

        if (await FindEndpointNearAsync(cancellationToken) is { } other)
        {
            string shown = Words.Of(other);
            return Finding.Fault(
                "path",
                $"The endpoint is at {other.AbsolutePath}, not at {url.AbsolutePath} ({response.Status}).",
                $"Use {shown} here and at OpenAI.");
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

    // A custom endpoint may reject with a different status than the library's endpoint.
    private async Task<bool> IsSignedAcceptedAsync(CancellationToken cancellationToken)
    {
        if (!sendsEvents || secrets.Count == 0)
        {
            return false;
        }

        try
        {
            var response = await deliverer.DeliverAsync(
                new WebhookSigner(secrets[0]).Sign(SampleEvents.CreateUnhandled()), url, cancellationToken);
            return response.IsSuccess && !response.IsHtml;
        }
        catch (NoResponseException)
        {
            return false;
        }
    }

    private async Task<Uri?> FindEndpointNearAsync(CancellationToken cancellationToken)
    {
        foreach (
            string path in TimeLimit.Take(
                SearchTime,
                (Health?.MappedPaths.Where(path => !path.Contains('{', StringComparison.Ordinal)) ?? [])
                    .Concat(NearPaths.Of(url.AbsolutePath))))
        {
            var other = new UriBuilder(url) { Path = path }.Uri;
            try
            {
                if (other.AbsolutePath != url.AbsolutePath
                    && await deliverer.PostUnsignedAsync(other, cancellationToken) is { Status: 400, Body.Length: 0 })
                {
                    return other;
                }
            }
            catch (NoResponseException)
            {
                return null;
            }
        }

        return null;
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
