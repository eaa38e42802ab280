namespace OpenAI.Webhooks.Quartz;

/// <summary>A delivery that has failed for good, and why. Immutable.</summary>
public sealed record WebhookDeadLetter
{
    /// <summary>The key it is stored under, by which it is replayed or deleted: the webhook id, or a hash of an unusual one. Never null.</summary>
    public required string Key { get; init; }

    /// <summary>The <c>webhook-id</c>. Never null.</summary>
    public required string WebhookId { get; init; }

    /// <summary>The event's type, such as <c>response.completed</c>; null if the payload is not an event.</summary>
    public string? EventType { get; init; }

    /// <summary>The event's id; null if the payload is not an event.</summary>
    public string? EventId { get; init; }

    /// <summary>When OpenAI made the attempt that was stored; null if that cannot be read.</summary>
    public DateTimeOffset? ReceivedAt { get; init; }

    /// <summary>When the last attempt failed; null if that cannot be read.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>How many attempts failed, including those before a replay.</summary>
    public int Attempts { get; init; }

    /// <summary>The full name of the type of the last exception, such as <c>System.TimeoutException</c>. Never null.</summary>
    public required string ExceptionType { get; init; }

    /// <summary>
    /// The message of the last exception, as the handler threw it, at most 2,000 characters. Never null. It contains whatever
    /// the handler put into it.
    /// </summary>
    public required string ExceptionMessage { get; init; }
}
