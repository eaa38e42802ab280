using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A background response finished; its output can be fetched. Its <c>type</c> is <c>response.completed</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/response/completed"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseCompletedWebhookEvent), WebhookEventTypes.ResponseCompleted)]
public record ResponseCompletedWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseCompleted);
