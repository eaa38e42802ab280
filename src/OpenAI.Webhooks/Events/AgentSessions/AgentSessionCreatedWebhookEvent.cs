using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An agent session was created. Its <c>type</c> is <c>agent.session.created</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/session/created"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentSessionCreatedWebhookEvent), WebhookEventTypes.AgentSessionCreated)]
public record AgentSessionCreatedWebhookEvent() : AgentSessionStatusWebhookEvent(WebhookEventTypes.AgentSessionCreated);
