using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that an event is about.</summary>
public sealed record RealtimeCallEventData
{
    /// <summary>
    /// The pending call's id, such as <c>rtc_479a275623b54bdb9b6fbae2f7cbd408</c>. Never null. It goes unchanged into
    /// <c>/v1/realtime/calls/{call_id}/accept</c>, <c>reject</c>, <c>refer</c> and <c>hangup</c>.
    /// </summary>
    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    /// <summary>
    /// The headers of the SIP INVITE, without those that authorize. Never null. They are the caller's own words:
    /// untrusted.
    /// </summary>
    [JsonPropertyName("sip_headers")]
    public required SipHeaders SipHeaders { get; init; }

    internal static RealtimeCallEventData Read(ref Utf8JsonReader reader)
    {
        string? callId = null;
        SipHeaders? sipHeaders = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            if (data.Is(ref reader, "call_id"u8))
            {
                callId = data.ReadString(ref reader, "call_id"u8);
            }
            else if (data.Is(ref reader, "sip_headers"u8))
            {
                sipHeaders = SipHeaders.Read(ref reader);
            }
            else
            {
                data.Skip(ref reader);
            }
        }

        return new()
        {
            CallId = data.Require(callId, "call_id"u8),
            SipHeaders = data.Require(sipHeaders, "sip_headers"u8),
        };
    }
}
