using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// One event of each type, with every possible field. The ids are invented, like those in OpenAI's own test events.
/// </summary>
internal static class SampleEvents
{
    /// <summary>The types that have samples: all types that this version knows.</summary>
    public static IReadOnlyList<string> Types => WebhookEventTypes.Of<UnwrapWebhookEvent>();

    /// <summary>Creates a sample event.</summary>
    /// <exception cref="ToolException">There is no such type.</exception>
    public static UnwrapWebhookEvent Create(string type, DateTimeOffset now)
        => WebhookEvent.Parse<UnwrapWebhookEvent>(CreatePayload(type, now).ToJsonString());

    /// <summary>Creates the payload of a sample event.</summary>
    /// <exception cref="ToolException">There is no such type.</exception>
    public static JsonObject CreatePayload(string type, DateTimeOffset now)
    {
        var sample = Read().FirstOrDefault(sample => $"{sample["type"]}" == type)
            ?? throw new ToolException($"There is no sample of {type}. Types: {string.Join(", ", Types)}. For another "
                + "type, write a payload to a file and use --file.");
        return new()
        {
            ["id"] = $"evt_sample_{Guid.NewGuid():N}",
            ["object"] = "event",
            ["created_at"] = now.ToUnixTimeSeconds(),
            ["type"] = type,
            ["data"] = sample["data"]!.DeepClone(),
        };
    }

    /// <summary>Writes an event of a type that only handlers for all events receive.</summary>
    public static string CreateUnhandled()
        => $$$"""
        {
            "id": "evt_doctor_{{{Guid.NewGuid():N}}}",
            "object": "event",
            "created_at": {{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}}},
            "type": "openai_webhooks.doctor",
            "data": {"id": "doctor"}
        }
        """;

    private static IEnumerable<JsonNode> Read()
    {
        using var samples = new StreamReader(
            typeof(SampleEvents).Assembly.GetManifestResourceStream("samples.jsonl")!);
        while (samples.ReadLine() is { } line)
        {
            yield return JsonNode.Parse(line)!;
        }
    }
}
