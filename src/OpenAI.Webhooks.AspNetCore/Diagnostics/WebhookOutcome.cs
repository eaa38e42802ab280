namespace OpenAI.Webhooks.AspNetCore;

/// <summary>The outcome of a request or of a dispatched delivery.</summary>
internal enum WebhookOutcome
{
    /// <summary>Every handler has finished.</summary>
    Handled,

    /// <summary>No handler is registered for it.</summary>
    Ignored,

    /// <summary>It was handled before, or is a copy of one in progress.</summary>
    Duplicate,

    /// <summary>It is in the inbox.</summary>
    Stored,

    /// <summary>A handler or the inbox threw.</summary>
    Failed,

    /// <summary>A handler said that no retry can help.</summary>
    GivenUp,

    /// <summary>Its last attempt failed, and an inbox keeps it as a dead letter.</summary>
    Dead,

    /// <summary>It is not authentic, or its body could not be read.</summary>
    Refused,

    /// <summary>It is authentic, but not an event.</summary>
    Unreadable,

    /// <summary>Its body is over the limit.</summary>
    TooLarge,

    /// <summary>Its body did not arrive.</summary>
    Aborted,
}
