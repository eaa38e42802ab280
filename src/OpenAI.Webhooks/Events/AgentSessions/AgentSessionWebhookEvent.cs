using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>Something happened to an agent session: the family of the <c>agent.session.*</c> events.</summary>
[JsonConverter(typeof(WebhookEventConverter<AgentSessionWebhookEvent>))]
public abstract record AgentSessionWebhookEvent : UnwrapWebhookEvent
{
    private protected AgentSessionWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>The session's id, such as <c>sess_abc123</c>: the <c>id</c> of the event's data. Never null.</summary>
    [JsonIgnore]
    public abstract string SessionId { get; }
}
