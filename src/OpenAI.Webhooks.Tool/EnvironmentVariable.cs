namespace OpenAI.Webhooks.Tool;

/// <summary>Reads secrets from environment variables named on the command line.</summary>
internal static class EnvironmentVariable
{
    /// <summary>The variable's value.</summary>
    /// <exception cref="ToolException">It is not set, or the name is not one.</exception>
    public static string Require(string option, string name, string what)
        => name.StartsWith("whsec_", StringComparison.Ordinal) || name.StartsWith("sk-", StringComparison.Ordinal)
            ? throw new ToolException(
                $"{option} takes the name of an environment variable, but was given {what} itself.",
                "Put the value into an environment variable and pass the variable's name. Remove this command from the "
                + "shell's history.")
            : Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value.Trim()
            : throw new ToolException(
                $"The environment variable {(IsPlain(name) ? name : $"that {option} names")} is not set.",
                $"Set it to {what}.");

    // Quote the value only if it looks like a variable name: someone may have pasted the secret instead.
    private static bool IsPlain(string name)
        => name.All(
            character => char.IsAsciiLetterUpper(character) || char.IsAsciiDigit(character) || character == '_');
}
