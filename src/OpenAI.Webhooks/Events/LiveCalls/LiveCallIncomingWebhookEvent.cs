using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// A SIP call came in and waits to be accepted by the Live API. Deprecated: OpenAI sends it only to old subscriptions;
/// new ones get <see cref="LiveTransportIncomingWebhookEvent"/>. Its <c>type</c> is <c>live.call.incoming</c>.
/// </summary>
/// <remarks>
/// This record is not marked as obsolete, because a receiver cannot choose which events it gets. Receivers with an old
/// subscription must handle this event, and should not have to suppress a warning.
/// </remarks>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/live/call/incoming"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(LiveCallIncomingWebhookEvent), WebhookEventTypes.LiveCallIncoming)]
public record LiveCallIncomingWebhookEvent() : LiveCallWebhookEvent(WebhookEventTypes.LiveCallIncoming);
