using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An environment was suspended; it can resume from a snapshot. Its <c>type</c> is <c>agent.environment.suspended</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/environment/suspended"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentSuspendedWebhookEvent), WebhookEventTypes.AgentEnvironmentSuspended)]
public record AgentEnvironmentSuspendedWebhookEvent()
    : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentSuspended);
