using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch was not finished within its completion window. Its <c>type</c> is <c>batch.expired</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/batch/expired"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchExpiredWebhookEvent), WebhookEventTypes.BatchExpired)]
public record BatchExpiredWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchExpired);
