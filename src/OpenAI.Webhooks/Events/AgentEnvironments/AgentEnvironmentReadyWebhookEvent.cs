using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An environment that OpenAI hosts was set up ahead of its session and is ready for it. On the wire: <c>agent.environment.ready</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentReadyWebhookEvent), WebhookEventTypes.AgentEnvironmentReady)]
public record AgentEnvironmentReadyWebhookEvent() : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentReady);
