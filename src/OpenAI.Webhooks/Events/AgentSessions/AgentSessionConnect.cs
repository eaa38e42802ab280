using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>How a self-hosted environment connects to its agent session.</summary>
public sealed record AgentSessionConnect
{
    /// <summary>The URL to connect to, as OpenAI wrote it. Never null.</summary>
    [JsonPropertyName("remote_url")]
    public required string RemoteUrl { get; init; }

    internal static bool TryRead(ref Utf8JsonReader reader, ref ObjectReader data, ref AgentSessionConnect? connect)
    {
        if (!data.Is(ref reader, "connect"u8))
        {
            return false;
        }

        connect = reader.TokenType == JsonTokenType.Null
            ? null
            : new() { RemoteUrl = ObjectReader.ReadSingle(ref reader, "$.data.connect", "remote_url"u8) };
        return true;
    }
}
