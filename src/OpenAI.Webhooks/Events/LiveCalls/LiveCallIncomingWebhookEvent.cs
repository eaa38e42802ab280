using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A SIP call came in and waits to be accepted by the Live API. Deprecated: OpenAI sends it to old subscriptions only,
/// and <see cref="LiveTransportIncomingWebhookEvent"/> to new ones. On the wire: <c>live.call.incoming</c>.
/// </summary>
/// <remarks>
/// It is not marked as obsolete in code, because a receiver cannot choose what it is sent: whoever has an old
/// subscription has to handle this event, and should not have to suppress a warning for it.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LiveCallIncomingWebhookEvent), WebhookEventTypes.LiveCallIncoming)]
public record LiveCallIncomingWebhookEvent() : LiveCallWebhookEvent(WebhookEventTypes.LiveCallIncoming);
