using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A background response was cancelled. Its <c>type</c> is <c>response.cancelled</c>.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/response/cancelled"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseCancelledWebhookEvent), WebhookEventTypes.ResponseCancelled)]
public record ResponseCancelledWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseCancelled);
