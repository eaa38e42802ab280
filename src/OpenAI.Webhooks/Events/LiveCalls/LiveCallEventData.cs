using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The SIP call that a deprecated event is about.</summary>
public sealed record LiveCallEventData : SipCallEventData
{
    /// <summary>
    /// The session's id. Never null. Until September 2026, it was the call's <c>rtc_…</c> id, equal to
    /// <see cref="RealtimeCallEventData.CallId"/>. Since then, it is a different id that begins with <c>live_</c>.
    /// </summary>
    [JsonPropertyName("session_id")]
    public required string SessionId { get; init; }

    internal static LiveCallEventData Read(ref Utf8JsonReader reader)
    {
        var call = Read(ref reader, "session_id"u8);
        return new()
        {
            SessionId = call.Id,
            SipHeaders = call.Headers,
            SipMediaSecurity = call.MediaSecurity,
        };
    }
}
