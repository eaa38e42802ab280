using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A safety identifier of the organization was deactivated. Only endpoints of an organization are sent it. On the wire:
/// <c>safety.deactivation_issued</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyDeactivationIssuedWebhookEvent), WebhookEventTypes.SafetyDeactivationIssued)]
public record SafetyDeactivationIssuedWebhookEvent() : SafetyCaseWebhookEvent(WebhookEventTypes.SafetyDeactivationIssued);
