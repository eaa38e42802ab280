using System.Net.Sockets;

namespace OpenAI.Webhooks.Tool;

/// <summary>No response arrived.</summary>
internal sealed class NoResponseException(
    string message,
    HttpRequestError error = HttpRequestError.Unknown,
    SocketError? socketError = null,
    string? certificate = null,
    bool isOutOfTime = false,
    TimeSpan waited = default)
    : Exception(message)
{
    public HttpRequestError Error => error;

    /// <summary>What the operating system said; null if the connection was not the cause.</summary>
    public SocketError? SocketError => socketError;

    /// <summary>What is wrong with the server's certificate; null if nothing is.</summary>
    public string? Certificate => certificate;

    /// <summary>Whether it was no longer waited for, because the whole check had taken its time.</summary>
    public bool IsOutOfTime => isOutOfTime;

    /// <summary>How long it was waited for, if it did not arrive in time.</summary>
    public TimeSpan Waited => waited;
}
