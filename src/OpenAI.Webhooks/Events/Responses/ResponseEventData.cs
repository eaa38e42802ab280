using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The model response that an event is about.</summary>
public sealed record ResponseEventData
{
    /// <summary>
    /// The model response's id, such as <c>resp_abc123</c>. Fetch it from <c>/v1/responses/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static ResponseEventData Read(ref Utf8JsonReader reader) => new() { Id = ObjectReader.ReadId(ref reader) };
}
