using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to an eval run: the family of the <c>eval.run.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<EvalRunWebhookEvent>))]
public abstract record EvalRunWebhookEvent : UnwrapWebhookEvent
{
    private protected EvalRunWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which eval run it was. Never null.</summary>
    [JsonPropertyName("data")]
    public required EvalRunEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => EvalRunEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (EvalRunEventData)data };
}
