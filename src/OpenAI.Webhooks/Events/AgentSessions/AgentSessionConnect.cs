using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>How a self-hosted environment connects to its agent session.</summary>
public sealed record AgentSessionConnect
{
    /// <summary>
    /// The URL to connect to, as OpenAI wrote it. Never null. Anyone who has the URL may be able to connect, so
    /// <see cref="ToString"/> omits it.
    /// </summary>
    [JsonPropertyName("remote_url")]
    public required string RemoteUrl { get; init; }

    /// <summary>The record's name, without the URL.</summary>
    /// <returns><c>AgentSessionConnect { }</c>.</returns>
    public override string ToString() => $"{nameof(AgentSessionConnect)} {{ }}";

    internal static bool TryRead(
        ref Utf8JsonReader reader, int place, ref ObjectReader data, ref AgentSessionConnect? connect)
    {
        if (!data.Is(ref reader, place, "connect"u8))
        {
            return false;
        }

        connect = reader.TokenType == JsonTokenType.Null
            ? null
            : new() { RemoteUrl = ObjectReader.ReadSingle(ref reader, "$.data.connect", "remote_url"u8) };
        return true;
    }
}
