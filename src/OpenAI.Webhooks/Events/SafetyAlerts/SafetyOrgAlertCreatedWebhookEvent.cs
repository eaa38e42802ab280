using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An approved safety alert about an enterprise workspace is available. OpenAI sends it only to endpoints of an
/// organization. Its <c>type</c> is <c>safety.org_alert.created</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/safety/org_alert/created"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyOrgAlertCreatedWebhookEvent), WebhookEventTypes.SafetyOrgAlertCreated)]
public record SafetyOrgAlertCreatedWebhookEvent() : SafetyAlertWebhookEvent(WebhookEventTypes.SafetyOrgAlertCreated);
