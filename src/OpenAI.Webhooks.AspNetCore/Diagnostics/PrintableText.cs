namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Makes a sender's text safe to log: short, and without terminal control characters.</summary>
internal static class PrintableText
{
    private const int MaxLength = 100;

    public static string Of(string? text)
        => string.IsNullOrEmpty(text) ? "(none)"
            : text.Length > MaxLength ? $"({text.Length} characters)"
            : text.All(character => character is > ' ' and <= '~') ? text
            : "(not printable)";
}
