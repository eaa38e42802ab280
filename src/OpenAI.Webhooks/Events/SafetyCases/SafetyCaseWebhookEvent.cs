using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// OpenAI acted on a safety identifier of the organization: the family of <c>safety.warning_issued</c> and
/// <c>safety.deactivation_issued</c>.
/// </summary>
[JsonConverter(typeof(WebhookEventConverter<SafetyCaseWebhookEvent>))]
public abstract record SafetyCaseWebhookEvent : UnwrapWebhookEvent
{
    private protected SafetyCaseWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which case it is. Never null.</summary>
    [JsonPropertyName("data")]
    public required SafetyCaseEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => SafetyCaseEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (SafetyCaseEventData)data };
}
