namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Text of a sender, made fit for a log: short, and without characters that a terminal obeys.</summary>
internal static class PrintableText
{
    private const int MaxLength = 100;

    public static string Of(string? text)
        => string.IsNullOrEmpty(text) ? "(none)"
            : text.Length > MaxLength ? $"({text.Length} characters)"
            : text.All(character => character is > ' ' and <= '~') ? text
            : "(not printable)";
}
