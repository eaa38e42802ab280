using System.Globalization;
using System.Text;

namespace OpenAI.Webhooks.Tool;

/// <summary>How the tool writes URLs and times.</summary>
internal static class Words
{
    /// <summary>A URL without its user and query, because these often contain secrets.</summary>
    public static string Of(Uri url)
        => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) + (
            url.Query.Length > 0 ? "?…" : "");

    /// <summary>Formats a URL from OpenAI in the same way.</summary>
    public static string OfUrl(string text)
        => Uri.TryCreate(text, UriKind.Absolute, out var url) ? Of(url) : "not a URL";

    public static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>Lists the first few items.</summary>
    public static string List(IReadOnlyList<string> items)
    {
        const int Shown = 5;
        return string.Join(", ", items.Take(Shown)) + (items.Count > Shown ? $" and {items.Count - Shown} more" : "");
    }

    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:F0} ms"),
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"about {span.TotalMinutes:F0} minutes"),
        _ => string.Create(CultureInfo.InvariantCulture, $"about {span.TotalHours:F1} hours"),
    };

    /// <summary>
    /// A text of somebody else's for the terminal, without control characters and those that turn text round.
    /// </summary>
    public static string Printable(string text, int max = int.MaxValue)
        => string.Concat(Cut(text, max).EnumerateRunes().Select(
            rune => Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                    ? Rune.ReplacementChar : rune));

    /// <summary>The beginning of a text that is too long.</summary>
    public static string Cut(string text, int max) => text.Length <= max ? text : text[..max] + "…";
}
