using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Something happened to the transport of a Live session: the family of the <c>live.transport.*</c> events.
/// </summary>
[JsonConverter(typeof(WebhookEventConverter<LiveTransportWebhookEvent>))]
public abstract record LiveTransportWebhookEvent : UnwrapWebhookEvent
{
    private protected LiveTransportWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>
    /// The session's id, such as <c>live_123</c>: the <c>session_id</c> of the event's data. Never null.
    /// </summary>
    [JsonIgnore]
    public abstract string SessionId { get; }
}
