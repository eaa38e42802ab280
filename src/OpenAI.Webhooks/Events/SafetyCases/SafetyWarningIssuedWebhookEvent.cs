using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A warning was issued for a safety identifier of the organization. OpenAI sends it only to endpoints of an
/// organization. Its <c>type</c> is <c>safety.warning_issued</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/safety/warning_issued"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyWarningIssuedWebhookEvent), WebhookEventTypes.SafetyWarningIssued)]
public record SafetyWarningIssuedWebhookEvent() : SafetyCaseWebhookEvent(WebhookEventTypes.SafetyWarningIssued);
