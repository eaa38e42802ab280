using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An agent session is idle and accepts more input. Its <c>type</c> is <c>agent.session.idle</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/session/idle"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentSessionIdleWebhookEvent), WebhookEventTypes.AgentSessionIdle)]
public record AgentSessionIdleWebhookEvent() : AgentSessionStatusWebhookEvent(WebhookEventTypes.AgentSessionIdle);
