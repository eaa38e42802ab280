using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A SIP call came in and waits to be accepted by the Live API. Its <c>type</c> is <c>live.transport.incoming</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/live/transport/incoming"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LiveTransportIncomingWebhookEvent), WebhookEventTypes.LiveTransportIncoming)]
public record LiveTransportIncomingWebhookEvent() : LiveTransportWebhookEvent(WebhookEventTypes.LiveTransportIncoming)
{
    /// <summary>Which session it is, and what the call's INVITE said. Never null.</summary>
    [JsonPropertyName("data")]
    public required LiveTransportIncomingEventData Data { get; init; }

    // Plain System.Text.Json accepts null data, and ToString must not throw then.
    /// <inheritdoc/>
    [JsonIgnore]
    public override string SessionId => Data?.SessionId!;

    internal override object ReadData(ref Utf8JsonReader reader) => LiveTransportIncomingEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (LiveTransportIncomingEventData)data };
}
