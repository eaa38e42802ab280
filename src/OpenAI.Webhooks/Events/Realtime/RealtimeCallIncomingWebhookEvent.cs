using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A SIP call came in and waits to be accepted by the Realtime API. On the wire: <c>realtime.call.incoming</c>.
/// </summary>
/// <remarks>
/// The same call may also be announced to the Live API; the first of the two that accepts it has it.
/// <see cref="WebhookEvent.CreatedAt"/> is when the event was made.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(RealtimeCallIncomingWebhookEvent), WebhookEventTypes.RealtimeCallIncoming)]
public record RealtimeCallIncomingWebhookEvent() : RealtimeCallWebhookEvent(WebhookEventTypes.RealtimeCallIncoming);
