using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace OpenAI.Webhooks.Tool;

/// <summary>Delivers requests as OpenAI does: no redirects are followed, and an answer has eight seconds.</summary>
internal sealed class Deliverer : IDisposable
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private const int MaxBody = 4096;

    private readonly HttpClient _client;
    private string? _certificate;

    public Deliverer(Uri target)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !target.IsLoopback, ConnectTimeout = TimeSpan.FromSeconds(5) };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, errors) =>
        {
            _certificate = Describe(errors, chain);
            return errors == SslPolicyErrors.None;
        };
        _client = new HttpClient(handler) { Timeout = Timeout };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("openai-webhooks");
    }

    public Task<Answer> DeliverAsync(SignedWebhook signed, Uri url, CancellationToken cancellationToken) => SendAsync(signed.ToRequest(url), cancellationToken);

    /// <exception cref="NoAnswerException">There was none.</exception>
    public async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            using var sent = request;
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var headers = response.Headers.Concat(response.Content.Headers)
                .SelectMany(header => header.Value, (header, value) => (header.Key, value))
                .ToLookup(header => header.Key, header => header.value, StringComparer.OrdinalIgnoreCase);
            return new((int)response.StatusCode, elapsed, headers, response.Headers.Date, await ReadBeginningAsync(response, cancellationToken));
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NoAnswerException($"no answer within {Timeout.TotalSeconds} seconds", HttpRequestError.Unknown, certificate: null);
        }
        catch (HttpRequestException exception)
        {
            string message = exception.InnerException is SocketException socket ? socket.Message : (exception.InnerException ?? exception).Message;
            throw new NoAnswerException(message, exception.HttpRequestError, _certificate);
        }
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> ReadBeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = new byte[MaxBody];
        int count = await stream.ReadAtLeastAsync(buffer, MaxBody, throwOnEndOfStream: false, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, count);
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
            : statuses.Contains(X509ChainStatusFlags.PartialChain) ? "an intermediate certificate is missing, or its issuer is not trusted"
            : statuses.Contains(X509ChainStatusFlags.UntrustedRoot) ? "its issuer is not trusted; it may be self-signed"
            : $"{errors}";
    }
}
