namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>The last characters of a secret, by which two can be told apart without showing either.</summary>
internal static class SecretHint
{
    private const int Length = 4;

    /// <summary>The last characters; empty if there are too few. OpenAI documents no form for its hints; their end has so far been the secret's.</summary>
    public static string Of(string? secretOrHint)
    {
        string text = (secretOrHint ?? "").Trim();
        string end = string.Concat(text.Reverse().TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '+' or '/' or '=' or '-' or '_').Reverse());
        return end.Length >= Length ? end[^Length..] : "";
    }

    /// <summary>A secret with the whsec_ that somebody left out; null if it cannot be one.</summary>
    public static string? AsOpenAIShows(string secret)
    {
        string padded = secret.Trim().PadRight((secret.Trim().Length + 3) / 4 * 4, '=');
        return Convert.TryFromBase64String(padded, new byte[padded.Length], out int length) && length >= 24 ? $"whsec_{padded}" : null;
    }

    /// <summary>Whether one of the secrets may be one of those of which there are hints.</summary>
    public static bool IsAmong(IReadOnlyList<string> hints, IReadOnlyList<string> secrets)
        => secrets.Any(secret => !secret.TrimStart().StartsWith("whsec_", StringComparison.Ordinal) || hints.Any(hint => Of(hint) == Of(secret)));
}
