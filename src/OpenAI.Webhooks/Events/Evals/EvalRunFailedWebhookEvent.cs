using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An eval run failed. On the wire: <c>eval.run.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EvalRunFailedWebhookEvent), WebhookEventTypes.EvalRunFailed)]
public record EvalRunFailedWebhookEvent() : EvalRunWebhookEvent(WebhookEventTypes.EvalRunFailed);
