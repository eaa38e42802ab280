namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What a queue is to do with a message after <see cref="WebhookDispatcher.AttemptAsync"/>. Immutable.</summary>
public sealed class WebhookAttemptResult
{
    private WebhookAttemptResult()
    {
    }

    /// <summary>Whether the message has been handled. Remove it from the queue.</summary>
    public bool IsHandled => !IsDeadLetter && RetryDelay is null;

    /// <summary>Whether the message will not be retried. Store it where somebody can look at it, then remove it from the queue.</summary>
    public bool IsDeadLetter { get; private init; }

    /// <summary>The wait before the message is delivered again; null if it is not to be delivered again.</summary>
    public TimeSpan? RetryDelay { get; private init; }

    internal static WebhookAttemptResult Handled { get; } = new();

    internal static WebhookAttemptResult DeadLetter { get; } = new() { IsDeadLetter = true };

    internal static WebhookAttemptResult RetryAfter(TimeSpan delay) => new() { RetryDelay = delay };
}
