using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;

namespace OpenAI.Webhooks;

/// <summary>A payload and the headers that a <see cref="WebhookSigner"/> made for it: what goes into a request.</summary>
public sealed class SignedWebhook
{
    private readonly ReadOnlyMemory<byte> _payload;

    internal SignedWebhook(ReadOnlyMemory<byte> payload, WebhookHeaders headers)
    {
        _payload = payload;
        Headers = headers;
    }

    /// <summary>Gets the body's bytes, to be sent as they are. In C# 14 they are also the property <c>Payload</c>.</summary>
    /// <returns>The bytes that were signed, not a copy.</returns>
    public ReadOnlyMemory<byte> GetPayload() => _payload;

    /// <summary>The three headers. Never null.</summary>
    public WebhookHeaders Headers { get; }

    /// <summary>Makes a POST of the payload with its headers, ready to send.</summary>
    /// <param name="requestUri">Where to; may be relative, for a client with a base address. Must not be null.</param>
    /// <returns>A new request, to be sent once and disposed by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="requestUri"/> is null.</exception>
    /// <exception cref="UriFormatException"><paramref name="requestUri"/> is no URI.</exception>
    public HttpRequestMessage ToRequest([StringSyntax(StringSyntaxAttribute.Uri)] string requestUri)
        => ToRequest(new Uri(requestUri ?? throw new ArgumentNullException(nameof(requestUri)), UriKind.RelativeOrAbsolute));

    /// <summary>Makes a POST of the payload with its headers, ready to send.</summary>
    /// <param name="requestUri">Where to; may be relative, for a client with a base address. Must not be null.</param>
    /// <returns>A new request, to be sent once and disposed by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="requestUri"/> is null.</exception>
    public HttpRequestMessage ToRequest(Uri requestUri)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, requestUri ?? throw new ArgumentNullException(nameof(requestUri)))
        {
            Content = new ByteArrayContent(_payload.ToArray()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var header in Headers.ToDictionary())
        {
            // Not validated: a test may well want to send what no client would.
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        return request;
    }
}
