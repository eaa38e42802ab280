using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A batch failed. On the wire: <c>batch.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchFailedWebhookEvent), WebhookEventTypes.BatchFailed)]
public record BatchFailedWebhookEvent() : BatchWebhookEvent(WebhookEventTypes.BatchFailed);
