using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The Live session that became active.</summary>
public sealed record LiveTransportConnectedEventData
{
    /// <summary>The session's id, such as <c>live_123</c>. Use it to attach a sideband observer. Never null.</summary>
    [JsonPropertyName("session_id")]
    public required string SessionId { get; init; }

    /// <summary>The transport, not the event's type; here always <c>webrtc</c>. Never null.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    internal static LiveTransportConnectedEventData Read(ref Utf8JsonReader reader)
    {
        string? sessionId = null;
        string? type = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "session_id"u8, ref sessionId)
                || data.TryRead(ref reader, 1, "type"u8, ref type)
                || data.Skip(ref reader);
        }

        return new()
        {
            SessionId = data.Require(sessionId, "session_id"u8),
            Type = data.Require(type, "type"u8),
        };
    }
}
