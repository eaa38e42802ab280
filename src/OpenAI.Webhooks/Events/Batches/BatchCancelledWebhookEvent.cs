using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch was cancelled. Its <c>type</c> is <c>batch.cancelled</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchCancelledWebhookEvent), WebhookEventTypes.BatchCancelled)]
public record BatchCancelledWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchCancelled);
