namespace OpenAI.Webhooks.Tool;

/// <summary>No answer came.</summary>
internal sealed class NoAnswerException(string message, HttpRequestError error, string? certificate) : Exception(message)
{
    public HttpRequestError Error => error;

    /// <summary>What is wrong with the server's certificate; null if nothing is.</summary>
    public string? Certificate => certificate;
}
