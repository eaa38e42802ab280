using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that waits for the Live API.</summary>
public sealed record LiveTransportIncomingEventData : SipCallEventData
{
    /// <summary>
    /// The session's id, such as <c>live_123</c>. Never null. Use it in <c>/v1/live/sessions/{id}/accept</c>,
    /// <c>reject</c>, <c>refer</c> and <c>hangup</c>.
    /// </summary>
    [JsonPropertyName("session_id")]
    public required string SessionId { get; init; }

    /// <summary>The transport, not the event's type; here always <c>sip</c>. Never null.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    internal static LiveTransportIncomingEventData Read(ref Utf8JsonReader reader)
    {
        var call = Read(ref reader, "session_id"u8, hasType: true);
        return new()
        {
            SessionId = call.Id,
            Type = call.Type!,
            SipHeaders = call.Headers,
            SipMediaSecurity = call.MediaSecurity,
        };
    }
}
