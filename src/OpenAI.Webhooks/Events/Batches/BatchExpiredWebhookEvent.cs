using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch ran out of its completion window before it was done. On the wire: <c>batch.expired</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchExpiredWebhookEvent), WebhookEventTypes.BatchExpired)]
public record BatchExpiredWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchExpired);
