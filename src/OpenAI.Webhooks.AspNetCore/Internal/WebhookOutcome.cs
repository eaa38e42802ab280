namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What became of a request.</summary>
internal enum WebhookOutcome
{
    Handled,
    Duplicate,
    Failed,
    Refused,
    Unreadable,
    TooLarge,
    Aborted,
}
