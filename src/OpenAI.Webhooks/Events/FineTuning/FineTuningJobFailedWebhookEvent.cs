using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A fine-tuning job failed. Its <c>type</c> is <c>fine_tuning.job.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FineTuningJobFailedWebhookEvent), WebhookEventTypes.FineTuningJobFailed)]
public record FineTuningJobFailedWebhookEvent() : FineTuningJobWebhookEvent(WebhookEventTypes.FineTuningJobFailed);
