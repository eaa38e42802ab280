namespace OpenAI.Webhooks.Tool;

/// <summary>Secrets from environment variables that the command line names.</summary>
internal static class EnvironmentVariable
{
    /// <summary>The variable's value.</summary>
    /// <exception cref="ToolException">It is not set, or the name is not one.</exception>
    public static string Require(string option, string name, string what)
        => name.StartsWith("whsec_", StringComparison.Ordinal) || name.StartsWith("sk-", StringComparison.Ordinal)
            ? throw new ToolException($"{option} takes the name of an environment variable, and was given {what} itself.", "Set a variable to it and name that. Remove the command from the shell's history.")
            : Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value.Trim()
            : throw new ToolException($"The environment variable {(IsPlain(name) ? name : $"that {option} names")} is not set.", $"Set it to {what}.");

    // Only what looks like a variable's name is repeated: somebody may have pasted the secret in its place.
    private static bool IsPlain(string name) => name.All(character => char.IsAsciiLetterUpper(character) || char.IsAsciiDigit(character) || character == '_');
}
