using System.Net;
using System.Net.Sockets;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Explains why a server does not respond, or responds in another protocol.</summary>
internal sealed class Silence(Deliverer deliverer, Uri url)
{
    public async Task<Finding> ExplainAsync(NoResponseException exception, CancellationToken cancellationToken)
        => exception.Certificate is { } certificate ? Finding.Fault(
            "certificate",
            $"The TLS certificate of {url.Host} is invalid: {certificate}.",
            "Install a certificate for this host from a public authority, with the intermediate certificates. OpenAI "
            + "verifies it.")
            : exception.SocketError is SocketError.ConnectionRefused or SocketError.TimedOut
                || exception is { Error: HttpRequestError.NameResolutionError }
                    or { Error: HttpRequestError.Unknown, SocketError: null }
                ? Explain(exception)
            : await FindProtocolAsync(cancellationToken) ?? Explain(exception);

    /// <summary>Explains a response that says that the request was in the wrong protocol.</summary>
    /// <returns>The finding; null for any other response.</returns>
    public async Task<Finding?> ExplainProtocolAsync(ServerResponse response, CancellationToken cancellationToken)
        => response.Status is not 400 and not 426 ? null
            : response.Body.Contains("HTTPS port", StringComparison.OrdinalIgnoreCase)
                || response.Body.Contains("HTTP request to an HTTPS server", StringComparison.OrdinalIgnoreCase)
                || response.Body.Contains("speaking plain HTTP to an SSL", StringComparison.OrdinalIgnoreCase) ? IsTls
            : response.Body.Contains("HTTP/2 only", StringComparison.OrdinalIgnoreCase)
                ? await FindProtocolAsync(cancellationToken) ?? Finding.Fault(
                    "http2_only",
                    "A proxy speaks HTTP/1.1 to an application that only speaks HTTP/2 "
                    + $"({response.Status}).",
                    "Enable HTTP/1.1 as well: Protocols = HttpProtocols.Http1AndHttp2 in Kestrel's configuration.")
            : null;

    private Finding IsTls => Finding.Fault(
        "tls_port",
        $"{url.Authority} speaks TLS, but the URL is http.",
        "Write https in the URL, here and at OpenAI.");

    private async Task<Finding?> FindProtocolAsync(CancellationToken cancellationToken)
    {
        bool isHttps = url.Scheme == Uri.UriSchemeHttps;
        var other = new UriBuilder(url)
        {
            Scheme = isHttps ? Uri.UriSchemeHttp : Uri.UriSchemeHttps,
            Port = url.Port,
        }.Uri;
        var asOther = deliverer.AttemptUnsignedAsync(other, cancellationToken);
        var asHttp2 = isHttps ? null : deliverer.AttemptAsync(
            new HttpRequestMessage(HttpMethod.Post, url)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = Deliverer.JsonContent("{}"u8.ToArray()),
            },
            cancellationToken);
        var (response, silence) = await asOther;
        return isHttps
                ? response is not null && await ExplainProtocolAsync(response, cancellationToken) is null
                    ? Finding.Fault(
                        "plain_http",
                        $"{url.Authority} speaks plain HTTP, not TLS.",
                        "Use the https port, or have something in front of the application terminate TLS. OpenAI "
                        + "delivers to https only.")
                    : null
            : response is not null || silence?.Certificate is not null ? IsTls
            : asHttp2 is not null && (await asHttp2).Response is not null ? Finding.Fault(
                "http2_only",
                $"{url.Authority} speaks only HTTP/2 without TLS, which no proxy expects.",
                "Enable HTTP/1.1 as well: Protocols = HttpProtocols.Http1AndHttp2 in Kestrel's configuration. Over "
                + "TLS, HTTP/2 is fine.")
            : null;
    }

    private Finding Explain(NoResponseException exception) => exception.Error switch
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
            "Check the firewalls, and check that the process behind a port mapping or tunnel is running."),
        _ when exception.SocketError
            is SocketError.TimedOut
            or SocketError.HostUnreachable
            or SocketError.NetworkUnreachable => Finding.Fault(
            "unreachable",
            $"{url.Authority} cannot be reached ({exception.Message}).",
            "Check the address that the name resolves to, the route, and any firewalls and allow lists along it."),
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
            "Check the port: another program may be listening there."),
    };
}
