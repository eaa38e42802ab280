using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>The fine-tuning job that an event is about.</summary>
public sealed record FineTuningJobEventData
{
    /// <summary>
    /// The fine-tuning job's id, such as <c>ftjob_abc123</c>. Fetch the job from
    /// <c>/v1/fine_tuning/jobs/{id}</c>. Never null.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    internal static FineTuningJobEventData Read(ref Utf8JsonReader reader) => new()
    {
        Id = ObjectReader.ReadId(ref reader),
    };
}
