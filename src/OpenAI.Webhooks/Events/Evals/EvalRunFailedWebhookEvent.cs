using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An eval run failed. Its <c>type</c> is <c>eval.run.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EvalRunFailedWebhookEvent), WebhookEventTypes.EvalRunFailed)]
public record EvalRunFailedWebhookEvent() : EvalRunWebhookEvent(WebhookEventTypes.EvalRunFailed);
