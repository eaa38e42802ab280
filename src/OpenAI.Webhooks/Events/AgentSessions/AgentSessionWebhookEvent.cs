using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The state of an agent session changed: the family of the <c>agent.session.*</c> events, but for <see cref="AgentSessionActionRequiredWebhookEvent"/>, whose data are others.</summary>
[JsonConverter(typeof(WebhookEventConverter<AgentSessionWebhookEvent>))]
public abstract record AgentSessionWebhookEvent : UnwrapWebhookEvent
{
    private protected AgentSessionWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which session it was, and where it runs. Never null.</summary>
    [JsonPropertyName("data")]
    public required AgentSessionEventData Data { get; init; }

    internal override object ReadData(ref Utf8JsonReader reader) => AgentSessionEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (AgentSessionEventData)data };
}
