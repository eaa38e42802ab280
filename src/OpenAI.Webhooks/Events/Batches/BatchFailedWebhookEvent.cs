using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch failed. Its <c>type</c> is <c>batch.failed</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/batch/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchFailedWebhookEvent), WebhookEventTypes.BatchFailed)]
public record BatchFailedWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchFailed);
