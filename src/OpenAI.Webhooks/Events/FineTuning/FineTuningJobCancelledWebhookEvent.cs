using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A fine-tuning job was cancelled. Its <c>type</c> is <c>fine_tuning.job.cancelled</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/fine_tuning/job/cancelled"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FineTuningJobCancelledWebhookEvent), WebhookEventTypes.FineTuningJobCancelled)]
public record FineTuningJobCancelledWebhookEvent()
    : FineTuningJobWebhookEvent(WebhookEventTypes.FineTuningJobCancelled);
