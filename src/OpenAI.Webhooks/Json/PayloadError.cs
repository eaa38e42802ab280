using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>What is wrong with a payload and where, said without quoting it.</summary>
internal static class PayloadError
{
    public static JsonException At(string path, string problem)
        => new($"The webhook payload cannot be read: {path} {problem}.", path, lineNumber: null, bytePositionInLine: null);

    public static JsonException Missing(string path) => At(path, "is missing");

    public static JsonException Repeated(string path) => At(path, "occurs more than once");

    public static JsonException InvalidText(string path) => At(path, "holds text that is not valid Unicode");

    /// <summary>For what a reader says itself: its words quote the payload, so only the place is kept of them.</summary>
    public static JsonException NotJson(JsonException problem)
        => new(
            $"The webhook payload cannot be read: it is not valid JSON at line {problem.LineNumber + 1}, byte {problem.BytePositionInLine + 1}.",
            "$", problem.LineNumber, problem.BytePositionInLine);

    /// <summary>Whether a reader raised it, and not this library.</summary>
    public static bool IsOfReader(JsonException problem) => problem.GetType() != typeof(JsonException);

    public static JsonException WrongType(string path, string expected, JsonTokenType found)
        => At(path, $"is {Describe(found)} where {expected} is expected");

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
