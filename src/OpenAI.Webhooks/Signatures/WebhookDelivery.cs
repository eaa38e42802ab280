using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// What OpenAI delivered: an event, with the id and time of its webhook and the payload's bytes. Immutable, unless the
/// payload's memory is changed.
/// </summary>
/// <remarks>
/// A delivery from a <see cref="WebhookVerifier"/> was verified. A delivery that was restored from a store is only as
/// trustworthy as the store: anyone who can write there can forge it. The payload is not a property, so that loggers
/// that destructure objects do not print it.
/// </remarks>
public sealed class WebhookDelivery
{
    private readonly ReadOnlyMemory<byte> _payload;

    /// <summary>
    /// Restores a delivery that was verified before it was stored. The signature is not verified again, because the
    /// timestamp would now be too old.
    /// </summary>
    /// <param name="webhookId">The <see cref="WebhookId"/>. Must not be null.</param>
    /// <param name="timestamp">The <see cref="Timestamp"/>.</param>
    /// <param name="payload">The body's bytes, from which the event is read. They are not copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="webhookId"/> is null.</exception>
    /// <exception cref="UnreadableWebhookException">The payload is not an event.</exception>
    public WebhookDelivery(string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
    {
        WebhookId = webhookId ?? throw new ArgumentNullException(nameof(webhookId));
        Timestamp = timestamp;
        _payload = payload;
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
    /// the event. Use it as the key to recognize deliveries that were already handled. Never null.
    /// </summary>
    public string WebhookId { get; }

    /// <summary>When this attempt was made, to the second. Later attempts have later timestamps.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Gets the body's bytes as they were verified.</summary>
    /// <returns>The memory that the verifier was given, not a copy.</returns>
    public ReadOnlyMemory<byte> GetPayload() => _payload;

    /// <summary>The delivery's id and the event's type, without its content.</summary>
    /// <returns>Such as <c>WebhookDelivery wh_685c059a… (response.completed)</c>.</returns>
    public override string ToString() => $"{nameof(WebhookDelivery)} {WebhookId} ({Event.Type})";
}
