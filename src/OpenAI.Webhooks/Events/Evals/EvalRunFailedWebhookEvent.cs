using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An eval run failed. Its <c>type</c> is <c>eval.run.failed</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/eval/run/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EvalRunFailedWebhookEvent), WebhookEventTypes.EvalRunFailed)]
public record EvalRunFailedWebhookEvent() : EvalRunWebhookEvent(WebhookEventTypes.EvalRunFailed);
