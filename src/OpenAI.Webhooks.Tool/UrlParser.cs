using System.CommandLine.Parsing;

namespace OpenAI.Webhooks.Tool;

internal static class UrlParser
{
    /// <summary>Reads an absolute http or https URL; one without a scheme is an error, not a file.</summary>
    public static Uri? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        result.AddError($"'{text}' is not a URL. Write it in full, such as https://example.com/webhooks/openai.");
        return null;
    }
}
