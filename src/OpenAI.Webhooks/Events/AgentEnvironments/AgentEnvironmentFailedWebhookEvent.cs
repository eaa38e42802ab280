using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An OpenAI-hosted environment could not be set up before its session started. On the wire: <c>agent.environment.failed</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentFailedWebhookEvent), WebhookEventTypes.AgentEnvironmentFailed)]
public record AgentEnvironmentFailedWebhookEvent() : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentFailed);
