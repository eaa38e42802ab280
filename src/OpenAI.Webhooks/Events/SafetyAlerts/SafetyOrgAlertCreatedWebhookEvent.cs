using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An approved safety alert can be read, about an enterprise workspace. Only endpoints of an organization are sent it.
/// On the wire: <c>safety.org_alert.created</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyOrgAlertCreatedWebhookEvent), WebhookEventTypes.SafetyOrgAlertCreated)]
public record SafetyOrgAlertCreatedWebhookEvent() : SafetyAlertWebhookEvent(WebhookEventTypes.SafetyOrgAlertCreated);
