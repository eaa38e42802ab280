using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An environment expired and cannot be resumed. Its <c>type</c> is <c>agent.environment.expired</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/environment/expired"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentExpiredWebhookEvent), WebhookEventTypes.AgentEnvironmentExpired)]
public record AgentEnvironmentExpiredWebhookEvent()
    : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentExpired);
