using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch was cancelled. Its <c>type</c> is <c>batch.cancelled</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/batch/cancelled"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchCancelledWebhookEvent), WebhookEventTypes.BatchCancelled)]
public record BatchCancelledWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchCancelled);
