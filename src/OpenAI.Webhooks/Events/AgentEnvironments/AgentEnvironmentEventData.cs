using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The agent environment that an event is about.</summary>
public sealed record AgentEnvironmentEventData
{
    /// <summary>
    /// The environment's id, such as <c>ccarenv_abc123</c>. Fetch the environment from
    /// <c>/v1/agents/environments/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static AgentEnvironmentEventData Read(ref Utf8JsonReader reader) => new()
    {
        Id = ObjectReader.ReadId(ref reader),
    };
}
