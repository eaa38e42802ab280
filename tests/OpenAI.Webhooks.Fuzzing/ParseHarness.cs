using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.Fuzzing;

/// <summary>
/// <c>WebhookEvent.Parse</c>, whatever the bytes: an event or a JsonException. The event is written, compared and
/// printed; the payload is read again as text, in pieces, and by System.Text.Json from the union's attributes.
/// </summary>
internal static class ParseHarness
{
    private static readonly JsonSerializerOptions SmallBuffer = new() { DefaultBufferSize = 16 };

    public static void Run(byte[] payload)
    {
        var parsed = AnswerTo(() => WebhookEvent.Parse(payload));
        if (parsed is not null)
        {
            Follow(parsed);
        }

        if (Utf8.IsValid(payload))
        {
            string text = Encoding.UTF8.GetString(payload);
            Finding.Unless(Equals(AnswerTo(() => WebhookEvent.Parse(text)), parsed), "text is read as its bytes are");
        }

        ReadInPieces(payload, parsed);
        AskSystemTextJson(payload, parsed);
    }

    private static void Follow(WebhookEvent parsed)
    {
        string json = parsed.ToJson();
        var again = WebhookEvent.Parse(json);
        Finding.Unless(again.Equals(parsed) && parsed.Equals(again), "what was written is read as an equal event");
        Finding.Unless(again.GetHashCode() == parsed.GetHashCode(), "equal events have the same hash code");
        Finding.Unless(again.ToJson() == json, "an event that was read again is written alike");
        Finding.Unless(JsonSerializer.Serialize(parsed) == json, "System.Text.Json writes an event as ToJson does");
        Finding.Unless(again.ToString() == parsed.ToString(), "equal events are printed alike");
        if (parsed is UnknownWebhookEvent unknown)
        {
            Finding.Unless(
                JsonElement.DeepEquals(unknown.Payload, ((UnknownWebhookEvent)again).Payload),
                "System.Text.Json finds the payload of an unknown event unchanged");
        }
    }

    private static void ReadInPieces(byte[] payload, WebhookEvent? parsed)
    {
        using var pieces = new Pieces(payload, 1 + (payload.Length % 7));
        Finding.Unless(Equals(AnswerTo(pieces.Deserialize), parsed), "a payload in many segments is read as in one");

        // A stream may begin with a byte order mark, which System.Text.Json leaves out.
        if (!payload.AsSpan().StartsWith(Encoding.UTF8.Preamble))
        {
            var fromStream = AnswerTo(() => JsonSerializer.Deserialize<WebhookEvent>(pieces, SmallBuffer));
            Finding.Unless(Equals(fromStream, parsed), "a payload from a stream is read as in one piece");
        }
    }

    private static void AskSystemTextJson(byte[] payload, WebhookEvent? parsed)
    {
        string text = Encoding.UTF8.GetString(payload);

        // Where the two are known to differ: System.Text.Json does not look for bad Unicode in text that it skips, and
        // its metadata ($id, $ref, $values) mean nothing here.
        string[] differences = ["\\ud", "$", "\\u0024"];
        if (!Utf8.IsValid(payload) || differences.Any(
            difference => text.Contains(difference, StringComparison.OrdinalIgnoreCase)))
        {
            return;
        }

        UnwrapWebhookEvent? byAttributes;
        try
        {
            byAttributes = JsonSerializer.Deserialize(payload, StrictContext.Default.UnwrapWebhookEvent);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            byAttributes = null;
        }

        var known = parsed as UnwrapWebhookEvent;
        if (byAttributes is not null && known is { Object: null })
        {
            byAttributes =
                byAttributes with { Object = null };    // System.Text.Json leaves a made event's "event" in it
        }

        Finding.Unless(Equals(known, byAttributes), "System.Text.Json reads the union alike");
    }

    private static WebhookEvent? AnswerTo(Func<WebhookEvent?> question)
    {
        try
        {
            return question();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
