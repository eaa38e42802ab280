using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An eval run succeeded; its results can be fetched. Its <c>type</c> is <c>eval.run.succeeded</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/eval/run/succeeded"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EvalRunSucceededWebhookEvent), WebhookEventTypes.EvalRunSucceeded)]
public record EvalRunSucceededWebhookEvent() : EvalRunWebhookEvent(WebhookEventTypes.EvalRunSucceeded);
