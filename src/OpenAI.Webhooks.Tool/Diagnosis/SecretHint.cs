namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>The last characters of a secret. They distinguish two secrets without revealing either.</summary>
internal static class SecretHint
{
    private const int Length = 4;

    /// <summary>
    /// The last characters; empty if there are too few. OpenAI does not document the format of its hints, but so far
    /// they end like the secret.
    /// </summary>
    public static string Of(string? secretOrHint)
    {
        string text = (secretOrHint ?? "").Trim();
        string end = string.Concat(
            text.Reverse().TakeWhile(
                character => char.IsAsciiLetterOrDigit(character)
                    || character is '+' or '/' or '=' or '-' or '_').Reverse());
        return end.Length >= Length ? end[^Length..] : "";
    }

    /// <summary>Whether one of the secrets matches one of the hints.</summary>
    public static bool IsAmong(IReadOnlyList<string> hints, IReadOnlyList<string> secrets)
        => secrets.Any(secret => hints.Any(hint => Of(hint) == Of(secret)));
}
