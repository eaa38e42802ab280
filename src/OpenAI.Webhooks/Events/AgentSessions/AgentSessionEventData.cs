using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The agent session that an event is about.</summary>
public sealed record AgentSessionEventData
{
    /// <summary>
    /// The session's id, such as <c>sess_abc123</c>. Fetch the session from <c>/v1/agents/sessions/{id}</c>. Never
    /// null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>
    /// The kind of environment that the session runs in: <c>none</c>, <c>openai_hosted</c>, <c>self_hosted</c>, or a
    /// value that OpenAI adds later. Never null.
    /// </summary>
    [JsonPropertyName("environment_type")]
    public required string EnvironmentType { get; init; }

    /// <summary>The environment's id, such as <c>ccarenv_abc123</c>; null if there is no environment.</summary>
    [JsonPropertyName("environment_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EnvironmentId { get; init; }

    /// <summary>
    /// How a self-hosted environment connects; null for any other environment, and in all events except
    /// <see cref="AgentSessionCreatedWebhookEvent"/>.
    /// </summary>
    [JsonPropertyName("connect"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AgentSessionConnect? Connect { get; init; }

    internal static AgentSessionEventData Read(ref Utf8JsonReader reader)
    {
        string? id = null;
        string? environmentType = null;
        string? environmentId = null;
        AgentSessionConnect? connect = null;

        var data = ObjectReader.Enter(ref reader, "$.data");
        while (data.Next(ref reader))
        {
            _ = data.TryRead(ref reader, 0, "id"u8, ref id)
                || data.TryRead(ref reader, 1, "environment_type"u8, ref environmentType)
                || data.TryReadOptional(ref reader, 2, "environment_id"u8, ref environmentId)
                || AgentSessionConnect.TryRead(ref reader, 3, ref data, ref connect)
                || data.Skip(ref reader);
        }

        return new()
        {
            Id = data.Require(id, "id"u8),
            EnvironmentType = data.Require(environmentType, "environment_type"u8),
            EnvironmentId = environmentId,
            Connect = connect,
        };
    }
}
