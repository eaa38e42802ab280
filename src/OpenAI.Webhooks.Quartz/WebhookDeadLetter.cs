namespace OpenAI.Webhooks.Quartz;

/// <summary>A delivery that has failed permanently, with the reason. Immutable.</summary>
public sealed record WebhookDeadLetter
{
    /// <summary>
    /// The key to replay or delete it by: the webhook id, or a hash if the id is unusual. Never null.
    /// </summary>
    public required string Key { get; init; }

    /// <summary>The <c>webhook-id</c>. Never null.</summary>
    public required string WebhookId { get; init; }

    /// <summary>The event's type, such as <c>response.completed</c>; null if the payload is not an event.</summary>
    public string? EventType { get; init; }

    /// <summary>The event's id; null if the payload is not an event.</summary>
    public string? EventId { get; init; }

    /// <summary>When OpenAI sent the stored attempt; null if this cannot be read.</summary>
    public DateTimeOffset? ReceivedAt { get; init; }

    /// <summary>When the last attempt failed; null if that cannot be read.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>How many attempts failed, including those before a replay.</summary>
    public int Attempts { get; init; }

    /// <summary>
    /// The full name of the type of the last exception, such as <c>System.TimeoutException</c>. Never null.
    /// </summary>
    public required string ExceptionType { get; init; }

    /// <summary>
    /// The message of the last exception, unchanged except that it is cut to 2,000 characters. Never null. It may
    /// contain private data, if the handler put that into the message.
    /// </summary>
    public required string ExceptionMessage { get; init; }
}
