using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An OpenAI-hosted environment could not be set up before its session started. Its <c>type</c> is
/// <c>agent.environment.failed</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/environment/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentFailedWebhookEvent), WebhookEventTypes.AgentEnvironmentFailed)]
public record AgentEnvironmentFailedWebhookEvent()
    : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentFailed);
