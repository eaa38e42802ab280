using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The safety alert that an event is about.</summary>
public sealed record SafetyAlertEventData
{
    /// <summary>
    /// The alert's id, such as <c>alert_example</c>. Fetch the alert from <c>/v1/safety/alerts/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static SafetyAlertEventData Read(ref Utf8JsonReader reader) => new()
    {
        Id = ObjectReader.ReadId(ref reader),
    };
}
