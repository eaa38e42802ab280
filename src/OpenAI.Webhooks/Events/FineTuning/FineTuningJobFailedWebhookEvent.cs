using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A fine-tuning job failed. Its <c>type</c> is <c>fine_tuning.job.failed</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/fine_tuning/job/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FineTuningJobFailedWebhookEvent), WebhookEventTypes.FineTuningJobFailed)]
public record FineTuningJobFailedWebhookEvent() : FineTuningJobWebhookEvent(WebhookEventTypes.FineTuningJobFailed);
