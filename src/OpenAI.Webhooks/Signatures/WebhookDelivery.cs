using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>A webhook and the event in it. Immutable, as long as nobody changes the payload's memory.</summary>
/// <remarks>
/// One that a <see cref="WebhookVerifier"/> made was verified. One that was made again from a store proves as much as the
/// store does: whoever can write there can forge.
/// </remarks>
public sealed class WebhookDelivery
{
    /// <summary>
    /// Makes a delivery again from what was stored of one that was verified before. Nothing is verified here: the
    /// timestamp would be stale by now.
    /// </summary>
    /// <param name="webhookId">The <see cref="WebhookId"/>. Must not be null.</param>
    /// <param name="timestamp">The <see cref="Timestamp"/>.</param>
    /// <param name="payload">The <see cref="Payload"/>, from which the event is read. It is not copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="webhookId"/> is null.</exception>
    /// <exception cref="UnreadableWebhookException">The payload is not an event.</exception>
    public WebhookDelivery(string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
    {
        WebhookId = webhookId ?? throw new ArgumentNullException(nameof(webhookId));
        Timestamp = timestamp;
        Payload = payload;
        try
        {
            Event = WebhookEvent.Parse(payload.Span);
        }
        catch (JsonException exception)
        {
            throw new UnreadableWebhookException(exception, webhookId, timestamp, payload);
        }
    }

    /// <summary>The event. Never null.</summary>
    public WebhookEvent Event { get; }

    /// <summary>
    /// The <c>webhook-id</c>, such as <c>wh_685c059ae39c8190af8c71ed1022a24d</c>: the same at every attempt to deliver
    /// the event, and so the key by which to recognise one that was handled already. Never null.
    /// </summary>
    public string WebhookId { get; }

    /// <summary>When this attempt was made, to the second; a later attempt has another.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The body's bytes as they were verified: the memory handed to the verifier, not a copy.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The delivery's id and the event's type, without its content.</summary>
    /// <returns>Such as <c>WebhookDelivery wh_685c059a… (response.completed)</c>.</returns>
    public override string ToString() => $"{nameof(WebhookDelivery)} {WebhookId} ({Event.Type})";
}
