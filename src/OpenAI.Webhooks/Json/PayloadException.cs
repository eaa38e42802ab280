using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>Says what is wrong with a payload and where, without quoting the payload.</summary>
internal sealed class PayloadException : JsonException
{
    private readonly string _pathWithin;
    private readonly string _problem;

    private PayloadException(string? path, string pathWithin, string problem)
        : base(message: null, path, lineNumber: null, bytePositionInLine: null)
    {
        _pathWithin = pathWithin;
        _problem = problem;
    }

    /// <inheritdoc/>
    public override string Message => $"The webhook payload cannot be read: {Path ?? "$"}{_pathWithin} {_problem}.";

    public static PayloadException At(string path, string problem) => new(path, "", problem);

    public static PayloadException Missing(string path) => At(path, "is missing");

    public static PayloadException Repeated(string path) => At(path, "occurs more than once");

    public static PayloadException InvalidText(string path) => At(path, "contains text that is not valid Unicode");

    public static PayloadException WrongType(string path, string expected, JsonTokenType found)
        => At(path, $"is {Describe(found)} where {expected} is expected");

    /// <summary>
    /// Replaces the exception of a reader. Its message can quote the payload, so only the position is kept.
    /// </summary>
    public static JsonException NotJson(JsonException problem)
        => new(
            $"The webhook payload cannot be read: it is not valid JSON at line {problem.LineNumber + 1}, byte "
            + $"{problem.BytePositionInLine + 1}.",
            "$", problem.LineNumber, problem.BytePositionInLine);

    /// <summary>
    /// Reports a problem in a value that is part of a larger one. System.Text.Json adds the path to the larger value;
    /// the message adds the path from there.
    /// </summary>
    public PayloadException Within() => new(path: null, Path!.Substring(1), _problem);

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
