using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A Live session over WebRTC was created directly, or an Instant Connect session became active. On the wire:
/// <c>live.transport.connected</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/live/transport/connected"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LiveTransportConnectedWebhookEvent), WebhookEventTypes.LiveTransportConnected)]
public record LiveTransportConnectedWebhookEvent() : LiveTransportWebhookEvent(WebhookEventTypes.LiveTransportConnected)
{
    /// <summary>Which session it is. Never null.</summary>
    [JsonPropertyName("data")]
    public required LiveTransportConnectedEventData Data { get; init; }

    // Plain System.Text.Json accepts null data, and ToString must not throw then.
    /// <inheritdoc/>
    [JsonIgnore]
    public override string SessionId => Data?.SessionId!;

    internal override object ReadData(ref Utf8JsonReader reader) => LiveTransportConnectedEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (LiveTransportConnectedEventData)data };
}
