using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A background response finished; its output can be fetched. Its <c>type</c> is <c>response.completed</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseCompletedWebhookEvent), WebhookEventTypes.ResponseCompleted)]
public record ResponseCompletedWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseCompleted);
