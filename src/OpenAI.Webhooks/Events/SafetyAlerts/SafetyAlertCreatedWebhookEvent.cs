using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An approved safety alert about an API project is available. Its <c>type</c> is <c>safety.alert.created</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/safety/alert/created"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyAlertCreatedWebhookEvent), WebhookEventTypes.SafetyAlertCreated)]
public record SafetyAlertCreatedWebhookEvent() : SafetyAlertWebhookEvent(WebhookEventTypes.SafetyAlertCreated);
