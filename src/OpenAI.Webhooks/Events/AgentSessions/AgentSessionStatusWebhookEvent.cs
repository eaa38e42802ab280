using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// The status of an agent session changed. These are the <c>agent.session.*</c> events that say where the session runs:
/// all except <see cref="AgentSessionActionRequiredWebhookEvent"/>.
/// </summary>
[JsonConverter(typeof(WebhookEventConverter<AgentSessionStatusWebhookEvent>))]
public abstract record AgentSessionStatusWebhookEvent : AgentSessionWebhookEvent
{
    private protected AgentSessionStatusWebhookEvent(string type)
        : base(type)
    {
    }

    /// <summary>Which session it was, and where it runs. Never null.</summary>
    [JsonPropertyName("data")]
    public required AgentSessionEventData Data { get; init; }

    // Plain System.Text.Json accepts null data, and ToString must not throw then.
    /// <inheritdoc/>
    [JsonIgnore]
    public sealed override string SessionId => Data?.Id!;

    internal override object ReadData(ref Utf8JsonReader reader) => AgentSessionEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with { Id = id, Object = @object, CreatedAt = createdAt, Data = (AgentSessionEventData)data };
}
