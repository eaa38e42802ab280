using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// Signs webhooks as OpenAI does, for tests and for tools that send deliveries to an endpoint. Safe to share between
/// threads.
/// </summary>
/// <example>
/// <code>
/// string secret = WebhookSigner.CreateSecret();
/// SignedWebhook signed = new WebhookSigner(secret).Sign(
///     new BatchCompletedWebhookEvent
///     {
///         Id = "evt_1", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = "batch_1" },
///     });
/// using HttpRequestMessage request = signed.ToRequest("https://localhost:5001/webhooks/openai");
/// </code>
/// </example>
public sealed class WebhookSigner
{
    private readonly WebhookSecret _secret;
    private readonly TimeProvider _timeProvider;

    /// <summary>Creates a signer.</summary>
    /// <param name="secret">The secret, as <see cref="WebhookSecrets"/> describes it.</param>
    /// <param name="timeProvider">The clock; null for <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="secret"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The secret is invalid, as for <see cref="WebhookVerifier(string)"/>.
    /// </exception>
    public WebhookSigner(string secret, TimeProvider? timeProvider = null)
    {
        _secret = WebhookSecret.Parse(secret, nameof(secret));
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>
    /// Creates a random secret, for tests and local tools. OpenAI creates the secrets of its endpoints itself.
    /// </summary>
    /// <returns><c>whsec_</c> and the base64 of 32 random bytes. A new one at each call.</returns>
    public static string CreateSecret() => WebhookSecret.Create();

    /// <summary>Signs an event, written in OpenAI's wire format.</summary>
    /// <param name="webhookEvent">The event. Must not be null.</param>
    /// <param name="webhookId">
    /// The delivery's id; null for a new one. To simulate a repeated delivery, pass the same id again.
    /// </param>
    /// <returns>The payload and its headers, with the clock's time.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="webhookEvent"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// A required member of <paramref name="webhookEvent"/> is null, or <paramref name="webhookId"/> is blank.
    /// </exception>
    public SignedWebhook Sign(WebhookEvent webhookEvent, string? webhookId = null)
    {
        string payload = (webhookEvent ?? throw new ArgumentNullException(nameof(webhookEvent))).ToJson();
        try
        {
            // An unknown event was read, so it has what it needs.
            _ = webhookEvent is UnwrapWebhookEvent ? WebhookEvent.Parse(payload) : webhookEvent;
        }
        catch (JsonException exception)
        {
            throw new ArgumentException(
                $"The event is incomplete, so no receiver could read it. {exception.Message}",
                nameof(webhookEvent),
                exception);
        }

        return Sign(payload, webhookId);
    }

    /// <summary>Signs a payload, which need not be an event.</summary>
    /// <param name="payload">The payload. Must not be null.</param>
    /// <param name="webhookId">The delivery's id; null for a new one.</param>
    /// <returns>The payload in UTF-8 and its headers, with the clock's time.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="payload"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="webhookId"/> is blank.</exception>
    public SignedWebhook Sign([StringSyntax(StringSyntaxAttribute.Json)] string payload, string? webhookId = null)
        => Sign(Encoding.UTF8.GetBytes(payload ?? throw new ArgumentNullException(nameof(payload))), webhookId);

    /// <summary>Signs a payload, which need not be an event or text.</summary>
    /// <param name="payload">The payload's bytes, not copied.</param>
    /// <param name="webhookId">The delivery's id; null for a new one.</param>
    /// <returns>The payload and its headers, with the clock's time.</returns>
    /// <exception cref="ArgumentException"><paramref name="webhookId"/> is blank.</exception>
    public SignedWebhook Sign(ReadOnlyMemory<byte> payload, string? webhookId = null)
    {
        string id = webhookId ?? $"wh_{Guid.NewGuid():N}";
        if (string.IsNullOrWhiteSpace(id))
        {
            throw new ArgumentException("The webhook id is blank. No verifier would accept it.", nameof(webhookId));
        }

        string timestamp = _timeProvider.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signature = new byte[WebhookSecret.SignatureLength];
        _secret.Sign(id, timestamp, payload.Span, signature);
        return new(payload, new(id, timestamp, $"v1,{Encoding.ASCII.GetString(signature)}"));
    }
}
