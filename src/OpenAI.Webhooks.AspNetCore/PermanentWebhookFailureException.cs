namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// A handler throws this when no retry can help, for example because what the event names no longer exists. The delivery is
/// then not retried: an endpoint responds 200, logs an error and counts the outcome <c>given_up</c>; an inbox makes the
/// delivery a dead letter at once.
/// </summary>
/// <remarks>
/// Of the status codes of OpenAI's API, 400, 404, 410 and 422 are permanent. 401 and 403 usually mean a wrong or expired
/// key, which can be fixed, and 408, 409, 429 and 5xx pass: let those exceptions through, so that the delivery is
/// retried. The test events that OpenAI sends on request carry sample ids, for which the API responds 404.
/// </remarks>
/// <example>
/// <code>
/// catch (ClientResultException exception) when (exception.Status == 404)
/// {
///     throw new PermanentWebhookFailureException("The call is gone.", exception);
/// }
/// </code>
/// </example>
public class PermanentWebhookFailureException : Exception
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public PermanentWebhookFailureException()
        : base("A handler gave the webhook up: no retry can help.")
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Why no retry can help; null for a general message. It is logged.</param>
    public PermanentWebhookFailureException(string? message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Why no retry can help; null for a general message. It is logged.</param>
    /// <param name="innerException">What went wrong; null if there is no exception. It is logged.</param>
    public PermanentWebhookFailureException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
