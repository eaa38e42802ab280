namespace OpenAI.Webhooks.Tool;

/// <summary>The command cannot run as it was given. The message is for the person who gave it.</summary>
/// <param name="what">What is wrong.</param>
/// <param name="advice">What to do; empty if the first says it.</param>
internal sealed class ToolException(string what, string advice = "") : Exception($"{what} {advice}".TrimEnd())
{
    public string What => what;

    public string Advice => advice;
}
