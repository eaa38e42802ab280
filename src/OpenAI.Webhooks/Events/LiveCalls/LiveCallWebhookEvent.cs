using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Something happened to a SIP call of the Live API: the family of the <c>live.call.*</c> events, which are deprecated.
/// </summary>
[JsonConverter(typeof(WebhookEventConverter<LiveCallWebhookEvent>))]
public abstract record LiveCallWebhookEvent : UnwrapWebhookEvent
{
    private protected LiveCallWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which call it was, and what its INVITE said. Never null.</summary>
    [JsonPropertyName("data")]
    public required LiveCallEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => LiveCallEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (LiveCallEventData)data };
}
