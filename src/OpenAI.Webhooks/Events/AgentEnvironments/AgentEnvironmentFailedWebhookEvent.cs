using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An environment that OpenAI hosts could not be set up ahead of its session. On the wire: <c>agent.environment.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentFailedWebhookEvent), WebhookEventTypes.AgentEnvironmentFailed)]
public record AgentEnvironmentFailedWebhookEvent() : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentFailed);
