using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;

namespace OpenAI.Webhooks;

/// <summary>
/// A payload and the headers that a <see cref="WebhookSigner"/> created for it, for use in a request.
/// </summary>
public sealed class SignedWebhook
{
    private readonly ReadOnlyMemory<byte> _payload;

    internal SignedWebhook(ReadOnlyMemory<byte> payload, WebhookHeaders headers)
    {
        _payload = payload;
        Headers = headers;
    }

    /// <summary>Gets the body's bytes, to be sent as they are.</summary>
    /// <returns>The bytes that were signed, not a copy.</returns>
    public ReadOnlyMemory<byte> GetPayload() => _payload;

    /// <summary>The three headers. Never null.</summary>
    public WebhookHeaders Headers { get; }

    /// <summary>Creates a POST request with the payload and its headers, ready to send.</summary>
    /// <param name="requestUri">
    /// The target URI; may be relative, for a client with a base address. Must not be null.
    /// </param>
    /// <returns>A new request, to be sent once and disposed by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="requestUri"/> is null.</exception>
    /// <exception cref="UriFormatException"><paramref name="requestUri"/> is not a URI.</exception>
    public HttpRequestMessage ToRequest([StringSyntax(StringSyntaxAttribute.Uri)] string requestUri)
        => ToRequest(
            new Uri(requestUri ?? throw new ArgumentNullException(nameof(requestUri)), UriKind.RelativeOrAbsolute));

    /// <summary>Creates a POST request with the payload and its headers, ready to send.</summary>
    /// <param name="requestUri">
    /// The target URI; may be relative, for a client with a base address. Must not be null.
    /// </param>
    /// <returns>A new request, to be sent once and disposed by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="requestUri"/> is null.</exception>
    public HttpRequestMessage ToRequest(Uri requestUri)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Post, requestUri ?? throw new ArgumentNullException(nameof(requestUri)))
        {
            Content = new ByteArrayContent(_payload.ToArray()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var header in Headers.ToDictionary())
        {
            // Added without validation: a test may need headers that no real client would send.
            request.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        return request;
    }
}
