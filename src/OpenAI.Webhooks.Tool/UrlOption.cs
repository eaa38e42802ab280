using System.CommandLine;
using System.CommandLine.Parsing;

namespace OpenAI.Webhooks.Tool;

/// <summary>An option whose value is a URL.</summary>
internal static class UrlOption
{
    public static Option<Uri> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "URL",
        CustomParser = Parse,
    };

    /// <summary>Reads an absolute http or https URL. A URL without a scheme is an error, not a file path.</summary>
    public static Uri? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        result.AddError($"'{text}' is not a URL. Write the full URL, such as https://example.com/webhooks/openai.");
        return null;
    }
}
