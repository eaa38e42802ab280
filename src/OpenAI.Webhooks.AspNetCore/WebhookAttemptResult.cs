namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What a queue must do with a message after <see cref="WebhookDispatcher.AttemptAsync"/>. Immutable.</summary>
public sealed class WebhookAttemptResult
{
    private WebhookAttemptResult()
    {
    }

    /// <summary>Whether the message has been handled. If true, remove it from the queue.</summary>
    public bool IsHandled => !IsDeadLetter && RetryDelay is null;

    /// <summary>
    /// Whether the message is a dead letter. If true, store it where operators can inspect it, then remove it from the queue.
    /// </summary>
    public bool IsDeadLetter { get; private init; }

    /// <summary>The delay before the message is redelivered; null if it must not be redelivered.</summary>
    public TimeSpan? RetryDelay { get; private init; }

    internal static WebhookAttemptResult Handled { get; } = new();

    internal static WebhookAttemptResult DeadLetter { get; } = new() { IsDeadLetter = true };

    internal static WebhookAttemptResult RetryAfter(TimeSpan delay) => new() { RetryDelay = delay };
}
