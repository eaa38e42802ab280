using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to a Realtime SIP call: the family of the <c>realtime.call.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<RealtimeCallWebhookEvent>))]
public abstract record RealtimeCallWebhookEvent : UnwrapWebhookEvent
{
    private protected RealtimeCallWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which call it was, and what its INVITE said. Never null.</summary>
    [JsonPropertyName("data")]
    public required RealtimeCallEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => RealtimeCallEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (RealtimeCallEventData)data };
}
