using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An agent session waits for something; fetch the session for the details. Its <c>type</c> is
/// <c>agent.session.action_required</c>.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/webhook-events/agent/session/action_required"/>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AgentSessionActionRequiredWebhookEvent), WebhookEventTypes.AgentSessionActionRequired)]
public record AgentSessionActionRequiredWebhookEvent()
    : AgentSessionWebhookEvent(WebhookEventTypes.AgentSessionActionRequired)
{
    /// <summary>Which session it is, and what it waits for. Never null.</summary>
    [JsonPropertyName("data")]
    public required AgentSessionActionRequiredEventData Data { get; init; }

    // Plain System.Text.Json accepts null data, and ToString must not throw then.
    /// <inheritdoc/>
    [JsonIgnore]
    public override string SessionId => Data?.Id!;

    internal override object ReadData(ref Utf8JsonReader reader)
        => AgentSessionActionRequiredEventData.Read(ref reader);

    internal override UnwrapWebhookEvent With(string id, string? @object, DateTimeOffset createdAt, object data)
        => this with
        {
            Id = id,
            Object = @object,
            CreatedAt = createdAt,
            Data = (AgentSessionActionRequiredEventData)data,
        };
}
