namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What a queue must do with a message after an attempt to handle it. Immutable.</summary>
public sealed class WebhookAttemptResult
{
    private WebhookAttemptResult()
    {
    }

    /// <summary>Whether the message has been handled. If true, remove it from the queue.</summary>
    public bool IsHandled => Exception is null;

    /// <summary>
    /// Whether the message is a dead letter. If true, store it where operators can inspect it, then remove it from the
    /// queue.
    /// </summary>
    public bool IsDeadLetter => Exception is not null && RetryDelay is null;

    /// <summary>The delay before the message is redelivered; null if it must not be redelivered.</summary>
    public TimeSpan? RetryDelay { get; private init; }

    /// <summary>Why the message was not handled; null if it was.</summary>
    public Exception? Exception { get; private init; }

    /// <summary>
    /// Decides what to do after an attempt. This is the only rule for retries:
    /// <see cref="WebhookDispatcher.AttemptAsync"/> applies it, and so does the Quartz inbox.
    /// </summary>
    /// <param name="attempt">How many attempts were made, including this one; 0 if none has ended yet.</param>
    /// <param name="interruptions">
    /// How often the process ended during an attempt. These are not counted as attempts.
    /// </param>
    /// <param name="exception">What the attempt threw; null if it succeeded.</param>
    /// <param name="retryDelays">The delays before the second attempt, the third, and so on. Must not be null.</param>
    /// <returns>
    /// Handled, without an exception. Otherwise a retry after the attempt's delay, or a dead letter: if there is no
    /// further delay, if there were more interruptions than there are delays, or if no retry can help, because the
    /// exception is an <see cref="UnreadableWebhookException"/> or a <see cref="PermanentWebhookFailureException"/>.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="retryDelays"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="attempt"/> or <paramref name="interruptions"/> is negative.
    /// </exception>
    public static WebhookAttemptResult After(
        int attempt, int interruptions, Exception? exception, IReadOnlyList<TimeSpan> retryDelays)
    {
        ArgumentNullException.ThrowIfNull(retryDelays);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        ArgumentOutOfRangeException.ThrowIfNegative(interruptions);
        return exception is null ? new()
            : exception is UnreadableWebhookException || PermanentWebhookFailureException.IsIn(exception)
                ? DeadLetter(exception)
            : Math.Max(attempt, interruptions) > retryDelays.Count ? DeadLetter(exception)
            : new() { Exception = exception, RetryDelay = attempt == 0 ? TimeSpan.Zero : retryDelays[attempt - 1] };
    }

    internal static WebhookAttemptResult DeadLetter(Exception exception) => new() { Exception = exception };
}
