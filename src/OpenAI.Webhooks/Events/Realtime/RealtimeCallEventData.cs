using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that an event is about.</summary>
public sealed record RealtimeCallEventData : SipCallEventData
{
    /// <summary>
    /// The pending call's id, such as <c>rtc_479a275623b54bdb9b6fbae2f7cbd408</c>. Never null. Use it unchanged in
    /// <c>/v1/realtime/calls/{call_id}/accept</c>, <c>reject</c>, <c>refer</c> and <c>hangup</c>.
    /// </summary>
    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    internal static RealtimeCallEventData Read(ref Utf8JsonReader reader)
    {
        var call = Read(ref reader, "call_id"u8);
        return new()
        {
            CallId = call.Id,
            SipHeaders = call.Headers,
            SipMediaSecurity = call.MediaSecurity,
        };
    }
}
