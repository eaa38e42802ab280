using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A SIP call came in and waits to be accepted by the Realtime API. Its <c>type</c> is <c>realtime.call.incoming</c>.
/// </summary>
/// <remarks>
/// The same call may also be announced to the Live API; whichever API accepts it first gets the call.
/// <see cref="WebhookEvent.CreatedAt"/> is when the event was created.
/// </remarks>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/realtime/call/incoming"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(RealtimeCallIncomingWebhookEvent), WebhookEventTypes.RealtimeCallIncoming)]
public record RealtimeCallIncomingWebhookEvent() : RealtimeCallWebhookEvent(WebhookEventTypes.RealtimeCallIncoming);
