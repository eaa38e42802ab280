namespace OpenAI.Webhooks.Tool;

/// <summary>The command cannot run with its arguments. The message is for the user.</summary>
/// <param name="what">What is wrong.</param>
/// <param name="advice">What to do; empty if <paramref name="what"/> says it already.</param>
/// <param name="isKeyRefused">Whether OpenAI's API refused the API key.</param>
internal sealed class ToolException(string what, string advice = "", bool isKeyRefused = false)
    : Exception($"{what} {advice}".TrimEnd())
{
    public string What => what;

    public string Advice => advice;

    public bool IsKeyRefused => isKeyRefused;
}
