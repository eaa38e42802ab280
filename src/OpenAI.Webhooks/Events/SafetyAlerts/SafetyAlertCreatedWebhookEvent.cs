using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An approved safety alert about an API project is available. On the wire: <c>safety.alert.created</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(SafetyAlertCreatedWebhookEvent), WebhookEventTypes.SafetyAlertCreated)]
public record SafetyAlertCreatedWebhookEvent() : SafetyAlertWebhookEvent(WebhookEventTypes.SafetyAlertCreated);
