using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A batch finished processing; its results can be fetched. Its <c>type</c> is <c>batch.completed</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/batch/completed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchCompletedWebhookEvent), WebhookEventTypes.BatchCompleted)]
public record BatchCompletedWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchCompleted);
