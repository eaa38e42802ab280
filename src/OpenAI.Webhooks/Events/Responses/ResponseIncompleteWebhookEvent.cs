using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A background response was interrupted and stopped before it was complete. Its <c>type</c> is
/// <c>response.incomplete</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/response/incomplete"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseIncompleteWebhookEvent), WebhookEventTypes.ResponseIncomplete)]
public record ResponseIncompleteWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseIncomplete);
