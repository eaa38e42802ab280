using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A background response failed. On the wire: <c>response.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseFailedWebhookEvent), WebhookEventTypes.ResponseFailed)]
public record ResponseFailedWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseFailed);
