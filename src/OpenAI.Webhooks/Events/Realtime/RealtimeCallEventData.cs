using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that an event is about.</summary>
public sealed record RealtimeCallEventData
{
    /// <summary>
    /// The pending call's id, such as <c>rtc_479a275623b54bdb9b6fbae2f7cbd408</c>. Never null. Use it unchanged in
    /// <c>/v1/realtime/calls/{call_id}/accept</c>, <c>reject</c>, <c>refer</c> and <c>hangup</c>.
    /// </summary>
    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

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

    internal static RealtimeCallEventData Read(ref Utf8JsonReader reader)
    {
        string? callId = null;
        SipHeaders? sipHeaders = null;
        string? sipMediaSecurity = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "call_id"u8, ref callId)
                || SipHeaders.TryRead(ref reader, 1, ref data, ref sipHeaders)
                || data.TryReadOptional(ref reader, 2, "sip_media_security"u8, ref sipMediaSecurity)
                || data.Skip(ref reader);
        }

        return new()
        {
            CallId = data.Require(callId, "call_id"u8),
            SipHeaders = data.Require(sipHeaders, "sip_headers"u8),
            SipMediaSecurity = sipMediaSecurity,
        };
    }
}
