namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>The last characters of a secret. They distinguish two secrets without revealing either.</summary>
internal static class SecretHint
{
    private const int Length = 4;

    /// <summary>
    /// The last characters; empty if there are too few. OpenAI does not document the format of its hints, but so far they end like
    /// the secret.
    /// </summary>
    public static string Of(string? secretOrHint)
    {
        string text = (secretOrHint ?? "").Trim();
        string end = string.Concat(text.Reverse().TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '+' or '/' or '=' or '-' or '_').Reverse());
        return end.Length >= Length ? end[^Length..] : "";
    }

    /// <summary>Adds a missing whsec_ to a secret; null if the result cannot be a secret.</summary>
    public static string? AsOpenAIShows(string secret)
    {
        string padded = secret.Trim().PadRight((secret.Trim().Length + 3) / 4 * 4, '=');
        return Convert.TryFromBase64String(padded, new byte[padded.Length], out int length) && length >= 24 ? $"whsec_{padded}" : null;
    }

    /// <summary>Whether one of the secrets matches one of the hints.</summary>
    public static bool IsAmong(IReadOnlyList<string> hints, IReadOnlyList<string> secrets)
        => secrets.Any(secret => !secret.TrimStart().StartsWith("whsec_", StringComparison.Ordinal) || hints.Any(hint => Of(hint) == Of(secret)));
}
