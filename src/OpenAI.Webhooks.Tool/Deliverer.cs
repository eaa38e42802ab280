using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// Delivers requests as OpenAI does: it does not follow redirects, and waits eight seconds for a response.
/// </summary>
internal sealed class Deliverer : IDisposable
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private const int MaxBody = 64 * 1024;

    // The body only explains the status, so do not wait for a slow body.
    private static readonly TimeSpan BodyTimeout = TimeSpan.FromSeconds(1);

    private readonly HttpClient _client;
    private string? _certificate;

    public Deliverer(Uri target)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !target.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, errors) =>
        {
            _certificate = Describe(errors, chain);
            return errors == SslPolicyErrors.None;
        };
        _client = new HttpClient(handler) { Timeout = Timeout };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("openai-webhooks");
    }

    public Task<ServerResponse> DeliverAsync(SignedWebhook signed, Uri url, CancellationToken cancellationToken)
        => SendAsync(signed.ToRequest(url), cancellationToken);

    /// <summary>Sends a request without a signature. The endpoint rejects it with 400 and no response body.</summary>
    public Task<ServerResponse> PostUnsignedAsync(Uri url, CancellationToken cancellationToken)
        => SendAsync(new(HttpMethod.Post, url) { Content = JsonContent("{}"u8.ToArray()) }, cancellationToken);

    public static ByteArrayContent JsonContent(byte[] bytes) => new(bytes)
    {
        Headers = { { "Content-Type", "application/json" } },
    };

    /// <exception cref="NoResponseException">There was none.</exception>
    public async Task<ServerResponse> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            using var sent = request;
            using var response =
                await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var headers = response.Headers.Concat(response.Content.Headers)
                .SelectMany(header => header.Value, (header, value) => (header.Key, value))
                .ToLookup(header => header.Key, header => header.value, StringComparer.OrdinalIgnoreCase);
            return new(
                (int)response.StatusCode,
                elapsed,
                headers,
                response.Headers.Date,
                await ReadBeginningAsync(response, cancellationToken));
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NoResponseException($"no response within {Timeout.TotalSeconds} seconds");
        }
        catch (HttpRequestException exception)
        {
            var inner = exception.InnerException;
            var socket = inner as SocketException ?? inner?.InnerException as SocketException;
            throw new NoResponseException(
                (socket ?? inner ?? exception).Message,
                exception.HttpRequestError,
                socket?.SocketErrorCode,
                _certificate);
        }
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> ReadBeginningAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(BodyTimeout);
        byte[] buffer = new byte[MaxBody];
        int count = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            int read;
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

        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static string? Describe(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        var statuses = (chain?.ChainStatus ?? []).Select(status => status.Status).ToHashSet();
        return statuses.Contains(X509ChainStatusFlags.NotTimeValid) ? "it has expired or is not valid yet"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "it is for another host name"
            : statuses.Contains(X509ChainStatusFlags.PartialChain)
                ? "an intermediate certificate is missing, or its issuer is not trusted"
            : statuses.Contains(X509ChainStatusFlags.UntrustedRoot) ? "its issuer is not trusted; it may be self-signed"
            : $"{errors}";
    }
}
