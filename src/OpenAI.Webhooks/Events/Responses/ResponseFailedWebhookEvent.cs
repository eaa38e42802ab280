using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>A background response failed. Its <c>type</c> is <c>response.failed</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ResponseFailedWebhookEvent), WebhookEventTypes.ResponseFailed)]
public record ResponseFailedWebhookEvent() : ResponseWebhookEvent(WebhookEventTypes.ResponseFailed);
