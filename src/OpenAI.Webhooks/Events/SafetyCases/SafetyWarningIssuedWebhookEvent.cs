using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A warning was issued for a safety identifier of the organization. Only endpoints of an organization are sent it. On
/// the wire: <c>safety.warning_issued</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyWarningIssuedWebhookEvent), WebhookEventTypes.SafetyWarningIssued)]
public record SafetyWarningIssuedWebhookEvent() : SafetyCaseWebhookEvent(WebhookEventTypes.SafetyWarningIssued);
