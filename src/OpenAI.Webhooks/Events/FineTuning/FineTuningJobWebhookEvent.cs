using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to a fine-tuning job: the family of the <c>fine_tuning.job.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<FineTuningJobWebhookEvent>))]
public abstract record FineTuningJobWebhookEvent : UnwrapWebhookEvent
{
    private protected FineTuningJobWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which fine-tuning job it was. Never null.</summary>
    [JsonPropertyName("data")]
    public required FineTuningJobEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => FineTuningJobEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (FineTuningJobEventData)data };
}
