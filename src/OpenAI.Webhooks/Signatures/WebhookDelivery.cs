namespace OpenAI.Webhooks;

/// <summary>
/// A webhook that was verified, and the event in it. Only a <see cref="WebhookVerifier"/> makes one, so a method that
/// takes a delivery cannot be handed a forgery. Immutable, as long as nobody changes the payload's memory.
/// </summary>
public sealed class WebhookDelivery
{
    internal WebhookDelivery(WebhookEvent webhookEvent, string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
    {
        Event = webhookEvent;
        WebhookId = webhookId;
        Timestamp = timestamp;
        Payload = payload;
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
