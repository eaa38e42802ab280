using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>What can be seen of an endpoint from outside, in the order in which one fault hides the next.</summary>
internal sealed class ServerDiagnosis(Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, Uri? healthUrl, string? type, bool sendsEvents)
{
    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(5);

    /// <summary>How far a clock may be off without an alarm: a minute less than the tolerance.</summary>
    public static TimeSpan MaxSkew { get; } = TimeSpan.FromMinutes(4);

    /// <summary>What the application's health check told; null if it has none that can be read.</summary>
    public HealthData? Health { get; private set; }

    /// <summary>Whether a delivery that was signed with the given secret arrived; null if none was sent.</summary>
    public bool? IsDelivered { get; private set; }

    /// <summary>Whether a handler took so long that another event would not be waited for.</summary>
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
            yield return Finding.Fault("not_https", "The URL is http. OpenAI delivers to https only.", "Give the endpoint an https URL, here and at OpenAI.");
        }

        Health = await HealthData.ReadAsync(deliverer, url, healthUrl, cancellationToken);
        var unsigned = await InterpretUnsignedAsync(response, cancellationToken);
        if (response.Status is 401 or 403 or 422 && await IsSignedAcceptedAsync(cancellationToken))
        {
            unsigned = Finding.Sound("rejects_unsigned", $"A request without a signature is rejected ({response.Status}), and one with a signature is not.");
        }

        yield return unsigned;
        if (unsigned.Level == Level.Fault)
        {
            yield break;
        }

        yield return Health is null
            ? Finding.Note("no_health_check", $"Not seen: handled types, the application's clock, its secret's last characters, and why it last rejected a request. {(healthUrl is null ? "No health check shows them." : $"{Words.Of(healthUrl)} does not show them.")}",
                "Map one: app.MapHealthChecks(\"/health/webhooks\", new() { ResponseWriter = WebhookHealthResponse.WriteAsync }), with AddHealthChecks().AddOpenAIWebhooks().")
            : Finding.Sound("health_check", $"The health check at {Health.Url.AbsolutePath} can be read.");
        if (Health is { IsOfEndpoint: false })
        {
            yield return Finding.Note("health_check_of_another", $"The health check at {Words.Of(Health.Url)} is of an application that maps {Words.List(Health.MappedPaths)}, which does not fit this URL's path. It is used for the clock only.");
        }

        yield return CompareClocks(response);
        if (!sendsEvents)
        {
            yield return Finding.Note("not_sent", "No signed event was sent (--no-events), so whether the application has the right secret is not seen.");
            yield break;
        }

        if (secrets.Count == 0)
        {
            yield return Finding.Fault("no_secret", "No signed event was sent, because doctor has no secret.", $"Set {SecretOptions.Variable}, name another variable with --secret-from, or a project with user secrets with --project. Or say --no-events.");
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

    /// <summary>The fault of a clock that is fast by a time, or slow if that is negative.</summary>
    public static Finding ClockFault(TimeSpan skew, string whose, string measuredBy = "this machine's")
        => Finding.Fault("clock", $"The {whose}'s clock is {(skew > TimeSpan.Zero ? "fast" : "slow")} by {Words.Of(skew.Duration())}, measured by {measuredBy}. Deliveries more than 5 minutes off are rejected.", "Synchronize the clocks (NTP). If the application replaces TimeProvider, check that.");

    private async Task<(Finding Finding, ServerResponse? Response)> ReachAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await deliverer.PostUnsignedAsync(url, cancellationToken);
            return (Finding.Sound("reached", $"{url.Authority} responds{(url.Scheme == Uri.UriSchemeHttps ? ", with a certificate that is trusted" : "")}."), response);
        }
        catch (NoResponseException exception)
        {
            return (ExplainSilence(exception), null);
        }
    }

    private Finding ExplainSilence(NoResponseException exception)
        => exception.Certificate is { } certificate
            ? Finding.Fault("certificate", $"The TLS certificate of {url.Host} is refused: {certificate}.", "Install a certificate of a public authority for this host, with its intermediates. OpenAI verifies it.")
            : exception.Error switch
            {
                HttpRequestError.NameResolutionError => Finding.Fault("name", $"The name {url.Host} does not resolve.", "Check the spelling and the DNS entry."),
                HttpRequestError.SecureConnectionError => Finding.Fault("tls", $"{url.Authority} does not speak TLS as it should ({exception.Message}).", "Check that the port is the https one, and what terminates TLS."),
                _ when exception.SocketError is SocketError.ConnectionReset => Finding.Fault("connection_reset", $"{url.Authority} accepts the connection and closes it without a response.", "Check the scheme (this may be the https port), firewalls, and whether the process behind a port mapping or tunnel runs."),
                _ when exception.SocketError is SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable => Finding.Fault("unreachable", $"{url.Authority} cannot be reached ({exception.Message}).", "Check the address that the name resolves to, the route, and firewalls and allow lists on the way."),
                HttpRequestError.ConnectionError => Finding.Fault("nobody_listens", $"Nobody listens at {url.Authority} ({exception.Message}).", "Start the application, and check the port, the firewall and the tunnel."),
                HttpRequestError.Unknown => Finding.Fault("no_answer", $"{url.Authority} gives {exception.Message}.", "Check whether the application hangs, whether a proxy waits for it, and whether a firewall drops the packets."),
                _ => Finding.Fault("no_http", $"{url.Authority} does not respond as an HTTP server ({exception.Message}).", "Check the scheme and the port: this may be the https port, or another program."),
            };

    private async Task<Finding> InterpretUnsignedAsync(ServerResponse response, CancellationToken cancellationToken)
    {
        if (response.Status == 400)
        {
            return response.Body.Contains("Invalid Hostname", StringComparison.OrdinalIgnoreCase) ? Finding.Fault("host_filtering", $"The server refuses the host name {url.Host} (400, Invalid Hostname).", "Add the name to AllowedHosts in the application's configuration.")
                : response.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase) ? Finding.Fault("antiforgery", "Antiforgery refuses the request (400). OpenAI has no token; the signature is the proof.", "Except the endpoint: [IgnoreAntiforgeryToken] on the action, or .DisableAntiforgery() on the endpoint.")
                : response.Body.Length > 0 ? Finding.Note("rejects_unsigned", "A request without a signature is rejected with 400 and a body, which the library's endpoint does not write: a controller, or something in front of the endpoint.")
                : Finding.Sound("rejects_unsigned", "A request without a signature is rejected (400), as it should be.");
        }

        if (!ForeignResponse.MayBeOfAnotherPath(url, response))
        {
            return ForeignResponse.Explain(url, response);
        }

        if (await FindEndpointNearAsync(cancellationToken) is { } other)
        {
            string shown = Words.Of(other);
            return Finding.Fault("path", $"The endpoint is not at {url.AbsolutePath} ({response.Status}), but at {other.AbsolutePath}.", $"Use {shown}, at OpenAI too.");
        }

        return response.Status is 404 or 405 && Health is { MappedPaths: [_, ..] mapped } && !mapped.Contains(url.AbsolutePath, StringComparer.OrdinalIgnoreCase)
            ? Finding.Fault("path", $"There is nothing at {url.AbsolutePath} ({response.Status}). The application's health check says that it maps {string.Join(" and ", mapped)}.", "Use that path, at OpenAI too. A path base, and what a proxy adds or cuts off, come in front of it.")
            : ForeignResponse.Explain(url, response);
    }

    // An endpoint of one's own may reject with another status than the library's.
    private async Task<bool> IsSignedAcceptedAsync(CancellationToken cancellationToken)
    {
        if (!sendsEvents || secrets.Count == 0)
        {
            return false;
        }

        try
        {
            var response = await deliverer.DeliverAsync(new WebhookSigner(secrets[0]).Sign(SampleEvents.CreateUnhandled()), url, cancellationToken);
            return response.IsSuccess && !response.IsHtml;
        }
        catch (NoResponseException)
        {
            return false;
        }
    }

    private async Task<Uri?> FindEndpointNearAsync(CancellationToken cancellationToken)
    {
        foreach (string path in TimeLimit.Take(SearchTime, (Health?.MappedPaths.Where(path => !path.Contains('{', StringComparison.Ordinal)) ?? []).Concat(NearPaths.Of(url.AbsolutePath))))
        {
            var other = new UriBuilder(url) { Path = path }.Uri;
            try
            {
                if (other.AbsolutePath != url.AbsolutePath && await deliverer.PostUnsignedAsync(other, cancellationToken) is { Status: 400, Body.Length: 0 })
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
            return Finding.Note("clock_unknown", "Not seen: the server's clock.");
        }

        var skew = time - now;
        string seconds = Math.Max(1, Math.Round(skew.Duration().TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return skew.Duration() >= MaxSkew && Health?.Time is null && sendsEvents && secrets.Count > 0
                ? Finding.Note("clock_date", $"The clock in the response (Date) is {Words.Of(skew.Duration())} {(skew > TimeSpan.Zero ? "fast" : "slow")}, measured by this machine's. It may be a proxy's: the application's shows when it takes a signed event.")
            : skew.Duration() >= MaxSkew ? ClockFault(skew, Health?.Time is null ? "server" : "application")
            : Health?.Time is null ? Finding.Sound("clock", $"The clock in the response (Date) agrees with this machine's to {seconds} s. The application's own was not seen.")
            : Finding.Sound("clock", $"The application's clock agrees with this machine's to {seconds} s.");
    }
}
