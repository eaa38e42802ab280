using System.Reflection;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Thrown by a handler when no retry can help, for example because the event's object no longer exists. The delivery is
/// then not retried. An endpoint responds with 200, logs an error and counts the outcome <c>given_up</c>; an inbox
/// makes the delivery a dead letter immediately.
/// </summary>
/// <remarks>
/// Of the status codes of OpenAI's API, 400, 404, 410 and 422 are permanent. 401 and 403 usually mean a wrong or
/// expired key, which can be fixed. 408, 409, 429 and 5xx are transient. Do not catch exceptions for these codes, so
/// that the delivery is retried. OpenAI's test events have sample ids, for which the API responds with 404.
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
    /// <summary>Creates an exception with a general message.</summary>
    public PermanentWebhookFailureException()
        : base("A handler reported a permanent failure: no retry can help.")
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

    /// <summary>
    /// Whether an exception is one of these, or contains one because a task or reflection wrapped it. Among several
    /// failures one is enough: a retry would fail in the same way.
    /// </summary>
    internal static bool IsIn(Exception? exception) => exception switch
    {
        PermanentWebhookFailureException => true,
        AggregateException several => several.InnerExceptions.Any(IsIn),
        TargetInvocationException wrapped => IsIn(wrapped.InnerException),
        _ => false,
    };
}
