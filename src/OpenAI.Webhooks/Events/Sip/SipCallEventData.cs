using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>An incoming SIP call. Each event about one adds the call's id.</summary>
public abstract record SipCallEventData
{
    private protected SipCallEventData()
    {
    }

    /// <summary>
    /// The headers of the SIP INVITE, without authorization headers. Never null. The caller wrote them, so do not trust
    /// them.
    /// </summary>
    [JsonPropertyName("sip_headers")]
    public required SipHeaders SipHeaders { get; init; }

    /// <summary>
    /// How the media of the call's SIP leg is protected: <c>rtp</c>, <c>srtp</c>, or a value that OpenAI adds later;
    /// null if unknown.
    /// </summary>
    [JsonPropertyName("sip_media_security"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SipMediaSecurity { get; init; }

    /// <summary>
    /// Reads <c>data</c> with the call's id, a <c>type</c> where the call has one, and the members that all calls
    /// share.
    /// </summary>
    private protected static (string Id, string? Type, SipHeaders Headers, string? MediaSecurity) Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> idName, bool hasType = false)
    {
        string? id = null;
        string? type = null;
        SipHeader[]? headers = null;
        string? mediaSecurity = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, idName, ref id)
                || (hasType && data.TryRead(ref reader, 1, "type"u8, ref type))
                || data.TryRead(ref reader, 2, "sip_headers"u8, ref headers, SipHeader.Read)
                || data.TryReadOptional(ref reader, 3, "sip_media_security"u8, ref mediaSecurity)
                || data.Skip(ref reader);
        }

        return (
            data.Require(id, idName),
            hasType ? data.Require(type, "type"u8) : null,
            SipHeaders.Of(data.Require(headers, "sip_headers"u8)),
            mediaSecurity);
    }
}
