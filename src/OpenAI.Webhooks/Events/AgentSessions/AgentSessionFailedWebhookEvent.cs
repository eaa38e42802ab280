using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An agent session failed. Its <c>type</c> is <c>agent.session.failed</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/session/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentSessionFailedWebhookEvent), WebhookEventTypes.AgentSessionFailed)]
public record AgentSessionFailedWebhookEvent() : AgentSessionStatusWebhookEvent(WebhookEventTypes.AgentSessionFailed);
