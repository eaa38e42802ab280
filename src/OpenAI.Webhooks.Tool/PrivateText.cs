using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// Formats a payload's data for a screen that others may see: phone numbers, addresses and URLs are masked.
/// </summary>
internal static partial class PrivateText
{
    private const string Mask = "•••";

    // The screen shows no more of a text, and searching a long text takes seconds.
    private const int MaxText = 200;

    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of(ReadOnlySpan<byte> payload, bool showsPrivate)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            var data = JsonNode.Parse(ref reader)?["data"];
            return Shown(data, showsPrivate)?.ToJsonString(Plain) ?? "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return "";
        }
    }

    private static JsonNode? Shown(JsonNode? node, bool showsPrivate) => node switch
    {
        // A SIP header's value can contain anything.
        JsonObject header when !showsPrivate
            && header.ContainsKey("name")
            && header.ContainsKey("value") => new JsonObject
            {
                ["name"] = Shown($"{header["name"]}", showsPrivate),
                ["value"] = Mask,
            },
        JsonObject members => new JsonObject(
            members.GroupBy(
                member => Shown(member.Key, showsPrivate),
                (name, same) => KeyValuePair.Create(name, Shown(same.First().Value, showsPrivate)))),
        JsonArray items => new JsonArray([.. items.Select(item => Shown(item, showsPrivate))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => JsonValue.Create(
            Shown(value.GetValue<string>(), showsPrivate)),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number
            && Shown(value.ToJsonString(), showsPrivate).Contains(
                Mask, StringComparison.Ordinal) => JsonValue.Create(Mask),
        _ => node?.DeepClone(),
    };

    private static string Shown(string text, bool showsPrivate)
        => showsPrivate ? Shortened(text) : PhoneOrUrl().Replace(Shortened(text), Mask);

    // Do not cut within a word: the rest may be too short to be recognized and masked.
    private static string Shortened(string text)
        => text.Length <= MaxText ? text : text[..Math.Max(text.LastIndexOf(' ', MaxText), 0)] + "…";

    [GeneratedRegex(
        @"(?:sips?|tel|mailto):\S+|[a-z][a-z0-9+.-]*://\S+|\S+@\S+"
            + @"|(?<![A-Za-z0-9_-])\+?\d[\d ().-]{5,}\d(?![A-Za-z0-9_])",
        RegexOptions.IgnoreCase)]
    private static partial Regex PhoneOrUrl();
}
