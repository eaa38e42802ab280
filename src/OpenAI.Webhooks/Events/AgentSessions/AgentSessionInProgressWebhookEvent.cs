using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An agent session started working on a turn. Its <c>type</c> is <c>agent.session.in_progress</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/session/in_progress"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentSessionInProgressWebhookEvent), WebhookEventTypes.AgentSessionInProgress)]
public record AgentSessionInProgressWebhookEvent()
    : AgentSessionStatusWebhookEvent(WebhookEventTypes.AgentSessionInProgress);
