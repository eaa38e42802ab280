using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

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
        """{"id": "evt_1", "object": "event", "created_at": 1750861210, "type": "video.rendered", "data":"""
        + """ {"id": "video_1", "type": "response.failed", "frames": [1, 2.50, null]}, "extra": {"é": "\u00e9"}}""";

    /// <summary>
    /// The payload with its required members only. The others are those whose properties are nullable.
    /// </summary>
    public static string WithoutOptionalMembers(string json) => Edit(json, payload =>
    {
        foreach (
            string[] path in Members(json).Where(member => member.IsOptional).Select(member => member.Path.Split('.')))
        {
            path[1..^1].Aggregate((JsonNode?)payload, (node, name) => node?[name])?.AsObject().Remove(path[^1]);
        }
    });

    /// <summary>The members of a payload, and whether a payload may lack them.</summary>
    public static IEnumerable<(string Path, bool IsOptional)> Members(string json)
        => Members(WebhookEvent.Parse(json).GetType(), "$");

    private static IEnumerable<(string Path, bool IsOptional)> Members(Type record, string path)
    {
        var nullability = new NullabilityInfoContext();
        return record.GetProperties()
            .Where(property => property.IsDefined(typeof(JsonPropertyNameAttribute)))
            .SelectMany(property =>
            {
                string member = $"{path}.{property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name}";
                return Members(property.PropertyType, member).Prepend(
                    (member, nullability.Create(property).ReadState == NullabilityState.Nullable));
            });
    }

    /// <summary>The payload with a change made to it.</summary>
    public static string Edit(string json, Action<JsonObject> edit)
    {
        var payload = JsonNode.Parse(json)!.AsObject();
        edit(payload);
        return payload.ToJsonString();
    }
}
