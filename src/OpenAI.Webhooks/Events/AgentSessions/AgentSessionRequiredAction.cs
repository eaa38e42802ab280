using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>What an agent session waits for.</summary>
public sealed record AgentSessionRequiredAction
{
    /// <summary>
    /// The kind of action: <c>function_call</c>, <c>environment_connection</c>, <c>computer_use_approval_request</c>,
    /// <c>mcp_approval_request</c>, or a value that OpenAI adds later. Never null.
    /// </summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    internal static bool TryRead(
        ref Utf8JsonReader reader, int place, ref ObjectReader data, ref AgentSessionRequiredAction? action)
    {
        if (!data.Is(ref reader, place, "required_action"u8))
        {
            return false;
        }

        action = new() { Type = ObjectReader.ReadSingle(ref reader, "$.data.required_action", "type"u8) };
        return true;
    }
}
