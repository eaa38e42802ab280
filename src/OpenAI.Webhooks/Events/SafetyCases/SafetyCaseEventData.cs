using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The safety case that an event is about.</summary>
public sealed record SafetyCaseEventData
{
    /// <summary>
    /// The case's id, such as <c>C-abc123</c>. Fetch the case from <c>/v1/safety/cases/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static SafetyCaseEventData Read(ref Utf8JsonReader reader) => new()
    {
        Id = ObjectReader.ReadId(ref reader),
    };
}
