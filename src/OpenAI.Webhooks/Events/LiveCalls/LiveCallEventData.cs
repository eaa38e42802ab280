using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that a deprecated event is about.</summary>
public sealed record LiveCallEventData
{
    /// <summary>
    /// The session's id. Never null. Until September 2026, it was the call's <c>rtc_…</c> id, equal to
    /// <see cref="RealtimeCallEventData.CallId"/>. Since then, it is a different id that begins with <c>live_</c>.
    /// </summary>
    [JsonPropertyName("session_id")]
    public required string SessionId { get; init; }

    /// <summary>
    /// The headers of the SIP INVITE, without authorization headers. Never null. The caller wrote them, so do not trust them.
    /// </summary>
    [JsonPropertyName("sip_headers")]
    public required SipHeaders SipHeaders { get; init; }

    /// <summary>
    /// How the media of the call's SIP leg is protected: <c>rtp</c>, <c>srtp</c>, or a value that OpenAI adds later; null if
    /// unknown.
    /// </summary>
    [JsonPropertyName("sip_media_security"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SipMediaSecurity { get; init; }

    internal static LiveCallEventData Read(ref Utf8JsonReader reader)
    {
        string? sessionId = null;
        SipHeaders? sipHeaders = null;
        string? sipMediaSecurity = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "session_id"u8, ref sessionId)
                || SipHeaders.TryRead(ref reader, 1, ref data, ref sipHeaders)
                || data.TryReadOptional(ref reader, 2, "sip_media_security"u8, ref sipMediaSecurity)
                || data.Skip(ref reader);
        }

        return new()
        {
            SessionId = data.Require(sessionId, "session_id"u8),
            SipHeaders = data.Require(sipHeaders, "sip_headers"u8),
            SipMediaSecurity = sipMediaSecurity,
        };
    }
}
