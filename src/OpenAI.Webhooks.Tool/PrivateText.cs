using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tool;

/// <summary>What a payload's data say, for a screen that others may see: phone numbers, addresses and URLs are masked.</summary>
internal static partial class PrivateText
{
    private const string Mask = "•••";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(ReadOnlySpan<byte> payload, bool showsPrivate)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            var data = JsonNode.Parse(ref reader)?["data"];
            return data is null ? "" : (showsPrivate ? data : Masked(data)!).ToJsonString(Plain);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return "";
        }
    }

    private static JsonNode? Masked(JsonNode? node) => node switch
    {
        // A SIP header's value may have anything in it.
        JsonObject header when header.ContainsKey("name") && header.ContainsKey("value") => new JsonObject { ["name"] = header["name"]?.DeepClone(), ["value"] = Mask },
        JsonObject members => new JsonObject(members.GroupBy(member => PhoneOrUrl().Replace(member.Key, Mask), (name, same) => KeyValuePair.Create(name, Masked(same.First().Value)))),
        JsonArray items => new JsonArray([.. items.Select(Masked)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => JsonValue.Create(PhoneOrUrl().Replace(value.GetValue<string>(), Mask)),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && PhoneOrUrl().IsMatch(value.ToJsonString()) => JsonValue.Create(Mask),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex(@"(?:sips?|tel|mailto):\S+|[a-z][a-z0-9+.-]*://\S+|\S+@\S+|(?<![A-Za-z0-9_-])\+?\d[\d ().-]{5,}\d(?![A-Za-z0-9_])", RegexOptions.IgnoreCase)]
    private static partial Regex PhoneOrUrl();
}
