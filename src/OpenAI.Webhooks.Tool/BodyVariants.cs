using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool;

/// <summary>Variants of a body that well-meaning software produces when it reads and rewrites it.</summary>
internal static class BodyVariants
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// The forms that the body may have had before or after such a change: a description, and the bytes.
    /// </summary>
    public static IEnumerable<(string Mistake, ReadOnlyMemory<byte> Body)> Of(ReadOnlyMemory<byte> body)
    {
        var all = body.ToArray();
        string text = Encoding.UTF8.GetString(all);
        yield return ("white space at its end or beginning was removed or added", Utf8(text.Trim()));
        yield return ("a line feed at its end was removed or added", Utf8(text + "\n"));
        yield return ("a line feed (CRLF) at its end was removed or added", Utf8(text + "\r\n"));
        yield return (
            "its line endings were changed from CRLF to LF or vice versa",
            Utf8(
                text.Contains('\r', StringComparison.Ordinal)
                    ? text.Replace("\r\n", "\n", StringComparison.Ordinal)
                    : text.Replace("\n", "\r\n", StringComparison.Ordinal)));
        yield return (
            "a byte order mark (BOM) was removed or added",
            all.AsSpan().StartsWith(ByteOrderMark) ? all.AsMemory(3) : (byte[])[.. ByteOrderMark, .. all]);
        yield return ("its text was decoded with an encoding other than UTF-8", Encoding.Latin1.GetBytes(text));
        yield return ("its text was read as Latin-1 and written as UTF-8", Utf8(Encoding.Latin1.GetString(all)));
        foreach (
            var encoder in (JavaScriptEncoder[])[
                JavaScriptEncoder.Default, JavaScriptEncoder.UnsafeRelaxedJsonEscaping])
        {
            foreach (var options in (JsonSerializerOptions[])[new() { Encoder = encoder }, new()
            {
                Encoder = encoder,
                WriteIndented = true,
                NewLine = "\n",
            }, new() { Encoder = encoder, WriteIndented = true, NewLine = "\r\n" }])
            {
                if (Reserialize(text, options) is { } written)
                {
                    yield return (
                        "its JSON was parsed and serialized again, with other white space or escapes", Utf8(written));
                    yield return (
                        "its JSON was parsed and serialized again, with other white space or escapes, and a line feed "
                        + "at the end",
                        Utf8(written + "\n"));
                }
            }
        }

        // The format of Python's json.dumps.
        if (Reserialize(text, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) is { } compact)
        {
            yield return (
                "its JSON was parsed and serialized again, with a space after each comma and colon",
                Utf8(Spaced(compact)));
        }

        yield return (
            "it was empty when it was signed or verified, because something had already read it",
            ReadOnlyMemory<byte>.Empty);
    }

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string? Reserialize(string text, JsonSerializerOptions options)
    {
        try
        {
            return JsonNode.Parse(text.TrimStart('\uFEFF'))?.ToJsonString(options);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static string Spaced(string compact)
    {
        var spaced = new StringBuilder();
        bool isInText = false;
        for (int i = 0; i < compact.Length; i++)
        {
            spaced.Append(compact[i]);
            if (isInText && compact[i] == '\\')
            {
                spaced.Append(compact[++i]);
            }
            else if (compact[i] == '"')
            {
                isInText = !isInText;
            }
            else if (!isInText && compact[i] is ',' or ':')
            {
                spaced.Append(' ');
            }
        }

        return spaced.ToString();
    }
}
