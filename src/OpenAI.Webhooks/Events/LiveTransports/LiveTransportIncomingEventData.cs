using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that waits for the Live API.</summary>
public sealed record LiveTransportIncomingEventData
{
    /// <summary>
    /// The session's id, such as <c>live_123</c>. Never null. Use it in <c>/v1/live/sessions/{id}/accept</c>, <c>reject</c>,
    /// <c>refer</c> and <c>hangup</c>.
    /// </summary>
    [JsonPropertyName("session_id")]
    public required string SessionId { get; init; }

    /// <summary>The transport, not the event's type; here always <c>sip</c>. Never null.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>
    /// The headers of the SIP INVITE, without authorization headers. Never null. The caller wrote them, so do not trust them.
    /// </summary>
    [JsonPropertyName("sip_headers")]
    public required SipHeaders SipHeaders { get; init; }

    /// <summary>
    /// How the media of the call's SIP leg is protected: <c>rtp</c>, <c>srtp</c>, or a value that OpenAI adds later; null
    /// if unknown.
    /// </summary>
    [JsonPropertyName("sip_media_security"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SipMediaSecurity { get; init; }

    internal static LiveTransportIncomingEventData Read(ref Utf8JsonReader reader)
    {
        string? sessionId = null;
        string? type = null;
        SipHeaders? sipHeaders = null;
        string? sipMediaSecurity = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "session_id"u8, ref sessionId)
                || data.TryRead(ref reader, 1, "type"u8, ref type)
                || SipHeaders.TryRead(ref reader, 2, ref data, ref sipHeaders)
                || data.TryReadOptional(ref reader, 3, "sip_media_security"u8, ref sipMediaSecurity)
                || data.Skip(ref reader);
        }

        return new()
        {
            SessionId = data.Require(sessionId, "session_id"u8),
            Type = data.Require(type, "type"u8),
            SipHeaders = data.Require(sipHeaders, "sip_headers"u8),
            SipMediaSecurity = sipMediaSecurity,
        };
    }
}
