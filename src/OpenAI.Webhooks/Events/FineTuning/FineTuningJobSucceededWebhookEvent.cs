using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A fine-tuning job succeeded; its model can be used. Its <c>type</c> is <c>fine_tuning.job.succeeded</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/fine_tuning/job/succeeded"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FineTuningJobSucceededWebhookEvent), WebhookEventTypes.FineTuningJobSucceeded)]
public record FineTuningJobSucceededWebhookEvent()
    : FineTuningJobWebhookEvent(WebhookEventTypes.FineTuningJobSucceeded);
