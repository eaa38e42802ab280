namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What became of a request, or of a delivery that was dispatched.</summary>
internal enum WebhookOutcome
{
    /// <summary>Every handler has finished.</summary>
    Handled,

    /// <summary>No handler wanted it.</summary>
    Ignored,

    /// <summary>It was handled before, or is another copy of one that was.</summary>
    Duplicate,

    /// <summary>It is in the inbox.</summary>
    Stored,

    /// <summary>A handler or the inbox threw.</summary>
    Failed,

    /// <summary>It is not authentic, or its body cannot be had.</summary>
    Refused,

    /// <summary>It is authentic, and not an event.</summary>
    Unreadable,

    /// <summary>Its body is over the limit.</summary>
    TooLarge,

    /// <summary>The sender left within the body.</summary>
    Aborted,
}
