using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An eval run was canceled (with one l, unlike the other families). Its <c>type</c> is <c>eval.run.canceled</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/eval/run/canceled"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EvalRunCanceledWebhookEvent), WebhookEventTypes.EvalRunCanceled)]
public record EvalRunCanceledWebhookEvent() : EvalRunWebhookEvent(WebhookEventTypes.EvalRunCanceled);
