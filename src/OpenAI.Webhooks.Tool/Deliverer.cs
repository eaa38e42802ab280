using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenAI.Webhooks.Tool.Diagnosis;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// Delivers requests as OpenAI does: it does not follow redirects, and waits eight seconds for a response. Thread-safe.
/// </summary>
internal sealed class Deliverer : IDisposable
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private const int MaxBody = 64 * 1024;

    // The body only explains the status, so do not wait for a slow body.
    private static readonly TimeSpan BodyTimeout = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client;
    private readonly CancellationToken _deadline;
    private string? _certificate;

    /// <param name="target">The server.</param>
    /// <param name="deadline">When it is cancelled, no response is waited for any longer.</param>
    public Deliverer(Uri target, CancellationToken deadline = default)
    {
        _deadline = deadline;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !target.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // A connection for each request: a load balancer may hand out connections, and a server that does one thing
            // at a time would wait for the next request on an idle one.
            PooledConnectionLifetime = TimeSpan.Zero,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, errors) =>
        {
            _certificate = Describe(errors, chain);
            return errors == SslPolicyErrors.None;
        };
        _client = new HttpClient(handler) { Timeout = Timeout };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("openai-webhooks");
    }

    public static ByteArrayContent JsonContent(byte[] bytes) => new(bytes)
    {
        Headers = { { "Content-Type", "application/json" } },
    };

    /// <exception cref="NoResponseException">There was none.</exception>
    public async Task<ServerResponse> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline);
        if (request.VersionPolicy == HttpVersionPolicy.RequestVersionOrLower)
        {
            // HTTP/2, if TLS negotiates it.
            request.VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher;
        }

        try
        {
            using var sent = request;
            using var response =
                await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var headers = response.Headers.Concat(response.Content.Headers)
                .SelectMany(header => header.Value, (header, value) => (header.Key, value))
                .ToLookup(header => header.Key, header => header.value, StringComparer.OrdinalIgnoreCase);
            var (body, isWhole) = await ReadBeginningAsync(response, cancellationToken);
            return new((int)response.StatusCode, elapsed, headers, response.Headers.Date, body)
            {
                IsWhole = isWhole,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var waited = Stopwatch.GetElapsedTime(started);
            throw new NoResponseException(
                $"no response within {Words.Of(waited)}",
                isOutOfTime: _deadline.IsCancellationRequested,
                waited: waited);
        }
        catch (HttpRequestException exception)
        {
            var inner = exception.InnerException;
            var socket = inner as SocketException ?? inner?.InnerException as SocketException;
            throw new NoResponseException(
                (socket ?? inner ?? exception).Message,
                exception.HttpRequestError,
                socket?.SocketErrorCode,
                request.RequestUri?.Scheme == Uri.UriSchemeHttps ? _certificate : null);
        }
    }

    public async Task<Attempt> AttemptAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return new(await SendAsync(request, cancellationToken));
        }
        catch (NoResponseException exception)
        {
            return new(Response: null, exception);
        }
    }

    public Task<Attempt> AttemptAsync(SignedWebhook signed, Uri url, CancellationToken cancellationToken)
        => AttemptAsync(signed.ToRequest(url), cancellationToken);

    /// <summary>Sends several deliveries at once.</summary>
    public Task<Attempt[]> AttemptAsync(
        int count, Func<SignedWebhook> sign, Uri url, CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, count).Select(_ => AttemptAsync(sign(), url, cancellationToken)));

    /// <summary>Sends a request without a signature. The endpoint rejects it with 400 and no response body.</summary>
    public Task<Attempt> AttemptUnsignedAsync(Uri url, CancellationToken cancellationToken)
        => AttemptAsync(
            new HttpRequestMessage(HttpMethod.Post, url) { Content = JsonContent("{}"u8.ToArray()) },
            cancellationToken);

    public void Dispose() => _client.Dispose();

    private static async Task<(string Body, bool IsWhole)> ReadBeginningAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(BodyTimeout);
        byte[] buffer = new byte[MaxBody];
        int count = 0;
        int read = 1;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            while (count < MaxBody && (read = await stream.ReadAsync(buffer.AsMemory(count), timeout.Token)) > 0)
            {
                count += read;
            }
        }
        catch (Exception exception) when (
            exception is IOException or HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The status has arrived. OpenAI does not need more either.
        }

        return (Encoding.UTF8.GetString(buffer, 0, count), read == 0);
    }

    private static string? Describe(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        var statuses = (chain?.ChainStatus ?? []).Select(status => status.Status).ToHashSet();
        var certificate = chain?.ChainElements.FirstOrDefault()?.Certificate;
        return certificate is not null && certificate.NotAfter < DateTime.Now
                ? $"it expired on {Date(certificate.NotAfter)}"
            : certificate is not null && certificate.NotBefore > DateTime.Now
                ? $"it is not valid before {Date(certificate.NotBefore)}"
            : statuses.Contains(X509ChainStatusFlags.NotTimeValid)
                ? "a certificate in its chain has expired or is not valid yet"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "it is for another host name"
            : statuses.Contains(X509ChainStatusFlags.PartialChain)
                ? "an intermediate certificate is missing, or its issuer is not trusted"
            : statuses.Contains(X509ChainStatusFlags.UntrustedRoot) ? "its issuer is not trusted; it may be self-signed"
            : $"{errors}";
    }

    private static string Date(DateTime time) => time.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);
}
