using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tests;

/// <summary>The payloads under Fixtures/Events: one per event, named after its type.</summary>
internal static class Fixture
{
    public static IReadOnlyDictionary<string, string> Events { get; } = Directory
        .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Events"), "*.json")
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText);

    public static TheoryData<string> Types { get; } = [.. Events.Keys.Order(StringComparer.Ordinal)];

    public static string ResponseCompleted => Events[WebhookEventTypes.ResponseCompleted];

    public static string RealtimeCallIncoming => Events[WebhookEventTypes.RealtimeCallIncoming];

    /// <summary>A type that no version knows, in the shape of one that it might.</summary>
    public const string Unknown =
        """{"id": "evt_1", "object": "event", "created_at": 1750861210, "type": "video.rendered", "data": {"id": "video_1", "type": "response.failed", "frames": [1, 2.50, null]}, "extra": {"é": "\u00e9"}}""";

    /// <summary>The members that a payload may lack.</summary>
    public static IReadOnlyList<string> Optional { get; } =
        ["$.object", "$.data.sip_media_security", "$.data.environment_id", "$.data.connect"];

    /// <summary>The payload with its required members only.</summary>
    public static string WithoutOptionalMembers(string json) => Edit(json, payload =>
    {
        foreach (string[] path in Optional.Select(path => path.Split('.')))
        {
            (path.Length == 2 ? payload : payload[path[1]]!.AsObject()).Remove(path[^1]);
        }
    });

    /// <summary>The payload with a change made to it.</summary>
    public static string Edit(string json, Action<JsonObject> edit)
    {
        var payload = JsonNode.Parse(json)!.AsObject();
        edit(payload);
        return payload.ToJsonString();
    }
}
