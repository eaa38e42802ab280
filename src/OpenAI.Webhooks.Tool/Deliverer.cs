using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace OpenAI.Webhooks.Tool;

/// <summary>What a server answered.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Headers">The headers, also those of the content.</param>
/// <param name="ServerTime">The server's clock; null if it did not tell.</param>
/// <param name="Body">The beginning of the body.</param>
internal sealed record Answer(int Status, TimeSpan Elapsed, ILookup<string, string> Headers, DateTimeOffset? ServerTime, string Body)
{
    public bool IsHtml => Headers["Content-Type"].Any(type => type.Contains("html", StringComparison.OrdinalIgnoreCase)) || Body.Contains("<html", StringComparison.OrdinalIgnoreCase);

    public string? Location => Headers["Location"].FirstOrDefault();

    /// <summary>What OpenAI makes of it.</summary>
    public string Meaning => Status switch
    {
        >= 200 and < 300 => "delivered",
        >= 300 and < 400 => "failed: OpenAI does not follow redirects; it retries for up to 72 hours",
        _ => "failed: OpenAI retries for up to 72 hours",
    };
}

/// <summary>No answer came.</summary>
internal sealed class NoAnswerException(string message, HttpRequestError error, string? certificate) : Exception(message)
{
    public HttpRequestError Error => error;

    /// <summary>What is wrong with the server's certificate; null if nothing is.</summary>
    public string? Certificate => certificate;
}

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
