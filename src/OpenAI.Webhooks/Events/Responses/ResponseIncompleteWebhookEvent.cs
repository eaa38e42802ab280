using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A background response was interrupted and stopped before it was complete. On the wire: <c>response.incomplete</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseIncompleteWebhookEvent), WebhookEventTypes.ResponseIncomplete)]
public record ResponseIncompleteWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseIncomplete);
