using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to a batch: the family of the <c>batch.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<BatchWebhookEvent>))]
public abstract record BatchWebhookEvent : UnwrapWebhookEvent
{
    private protected BatchWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which batch it was. Never null.</summary>
    [JsonPropertyName("data")]
    public required BatchEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => BatchEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (BatchEventData)data };
}
