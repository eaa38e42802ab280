using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A safety identifier of the organization was deactivated. OpenAI sends it only to endpoints of an organization. On
/// the wire: <c>safety.deactivation_issued</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/safety/deactivation_issued"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyDeactivationIssuedWebhookEvent), WebhookEventTypes.SafetyDeactivationIssued)]
public record SafetyDeactivationIssuedWebhookEvent()
    : SafetyCaseWebhookEvent(WebhookEventTypes.SafetyDeactivationIssued);
