using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to an agent environment: the family of the <c>agent.environment.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<AgentEnvironmentWebhookEvent>))]
public abstract record AgentEnvironmentWebhookEvent : UnwrapWebhookEvent
{
    private protected AgentEnvironmentWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which environment it was. Never null.</summary>
    [JsonPropertyName("data")]
    public required AgentEnvironmentEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => AgentEnvironmentEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (AgentEnvironmentEventData)data };
}
