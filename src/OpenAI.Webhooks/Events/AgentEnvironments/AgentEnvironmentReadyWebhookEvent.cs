using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An OpenAI-hosted environment was set up before its session started, and is ready. Its <c>type</c> is
/// <c>agent.environment.ready</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/environment/ready"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentEnvironmentReadyWebhookEvent), WebhookEventTypes.AgentEnvironmentReady)]
public record AgentEnvironmentReadyWebhookEvent()
    : AgentEnvironmentWebhookEvent(WebhookEventTypes.AgentEnvironmentReady);
