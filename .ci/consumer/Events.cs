using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenAI.Webhooks;

/// <summary>Every event, and an unknown one, read and written in every way.</summary>
internal static class Events
{
    private const string Unknown =
        """
        {"id": "evt_1", "object": "event", "created_at": 1750861210, "type": "newer", "data": {"id": "x",
        "list": [1, 2.50, null]}}
        """;

    public static IReadOnlyList<string> All { get; } = Directory
        .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Events"), "*.json")
        .OrderBy(file => file, StringComparer.Ordinal)
        .Select(File.ReadAllText)
        .Append(Unknown)
        .ToList();

    public static void Check(string payload, WebhookEvent received)
    {
        var parsed = WebhookEvent.Parse(payload);
        string type = JsonDocument.Parse(payload).RootElement.GetProperty("type").GetString()!;
        bool isKnown = parsed is UnwrapWebhookEvent;
        if (parsed.Type != type || isKnown == (type == "newer"))
        {
            throw new InvalidOperationException($"{type} was read as {parsed.GetType()}.");
        }

        var deserialized = JsonSerializer.Deserialize(payload, EventsContext.Default.WebhookEvent);
        string written = JsonSerializer.Serialize(parsed, EventsContext.Default.WebhookEvent);
        foreach (var other in new[] { received, deserialized, WebhookEvent.Parse(parsed.ToJson()), WebhookEvent.Parse(
            written), parsed with { } })
        {
            if (!parsed.Equals(other))
            {
                throw new InvalidOperationException(
                    $"{type} is not equal to what it was read as in another way: {other}");
            }
        }
    }
}

[JsonSerializable(typeof(WebhookEvent))]
internal sealed partial class EventsContext : JsonSerializerContext;
