using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The batch that an event is about.</summary>
public sealed record BatchEventData
{
    /// <summary>
    /// The batch's id, such as <c>batch_abc123</c>. Fetch the batch from <c>/v1/batches/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static BatchEventData Read(ref Utf8JsonReader reader) => new() { Id = ObjectReader.ReadId(ref reader) };
}
