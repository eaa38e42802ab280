using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to a background response: the family of the <c>response.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<ResponseWebhookEvent>))]
public abstract record ResponseWebhookEvent : UnwrapWebhookEvent
{
    private protected ResponseWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which background response it was. Never null.</summary>
    [JsonPropertyName("data")]
    public required ResponseEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => ResponseEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (ResponseEventData)data };
}
