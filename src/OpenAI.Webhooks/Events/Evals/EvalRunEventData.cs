using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The eval run that an event is about.</summary>
public sealed record EvalRunEventData
{
    /// <summary>
    /// The eval run's id, such as <c>evalrun_abc123</c>. Fetch the run from
    /// <c>/v1/evals/{evaluation}/runs/{id}</c>; the evaluation's id is not in the event. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static EvalRunEventData Read(ref Utf8JsonReader reader) => new() { Id = ObjectReader.ReadId(ref reader) };
}
