using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The waiting agent session, and what it waits for.</summary>
public sealed record AgentSessionActionRequiredEventData
{
    /// <summary>The session's id, such as <c>sess_abc123</c>. Never null.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>What the session waits for. Never null.</summary>
    [JsonPropertyName("required_action")]
    public required AgentSessionRequiredAction RequiredAction { get; init; }

    internal static AgentSessionActionRequiredEventData Read(ref Utf8JsonReader reader)
    {
        string? id = null;
        AgentSessionRequiredAction? requiredAction = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "id"u8, ref id)
                || AgentSessionRequiredAction.TryRead(ref reader, 1, ref data, ref requiredAction)
                || data.Skip(ref reader);
        }

        return new()
        {
            Id = data.Require(id, "id"u8),
            RequiredAction = data.Require(requiredAction, "required_action"u8),
        };
    }
}
