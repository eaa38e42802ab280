using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A background response failed. Its <c>type</c> is <c>response.failed</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/response/failed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseFailedWebhookEvent), WebhookEventTypes.ResponseFailed)]
public record ResponseFailedWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseFailed);
