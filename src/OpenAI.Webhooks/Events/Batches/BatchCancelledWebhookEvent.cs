using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch was cancelled. On the wire: <c>batch.cancelled</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchCancelledWebhookEvent), WebhookEventTypes.BatchCancelled)]
public record BatchCancelledWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchCancelled);
