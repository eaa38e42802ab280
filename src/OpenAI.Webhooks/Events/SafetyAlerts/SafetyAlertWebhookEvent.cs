using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A safety alert was approved: the family of the <c>safety.*alert.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<SafetyAlertWebhookEvent>))]
public abstract record SafetyAlertWebhookEvent : UnwrapWebhookEvent
{
    private protected SafetyAlertWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which alert it is. Never null.</summary>
    [JsonPropertyName("data")]
    public required SafetyAlertEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => SafetyAlertEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (SafetyAlertEventData)data };
}
