using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Everything the package logs: never a secret, a payload or a signature.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "The webhook {WebhookId} ({EventType}) was run: {Outcome}.")]
    public static partial void Ran(this ILogger logger, string webhookId, string eventType, WebhookOutcome outcome);

    [LoggerMessage(2, LogLevel.Information, "The webhook {WebhookId} ({EventType}) was handled before, or is being handled: it gets the same answer, and is not handled again.")]
    public static partial void Duplicate(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(3, LogLevel.Warning, "Refused a webhook that calls itself {WebhookId}. {Reason}{LeftOut}")]
    public static partial void Refused(this ILogger logger, string webhookId, string reason, string leftOut);

    [LoggerMessage(4, LogLevel.Error, "The webhook {WebhookId} is authentic, but not an event that this version can read. {Reason}")]
    public static partial void Unreadable(this ILogger logger, string? webhookId, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Refused a webhook that calls itself {WebhookId}: its body is longer than the {MaxBodyBytes} bytes of {Section}:MaxBodyBytes, or than the server takes.{LeftOut}")]
    public static partial void TooLarge(this ILogger logger, string webhookId, int maxBodyBytes, string section, string leftOut);

    [LoggerMessage(6, LogLevel.Error, "A handler failed on the webhook {WebhookId} ({EventType}). Unless it was the last attempt it comes again: from OpenAI, for up to 72 hours, or from the inbox that has it.")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string webhookId, string eventType);

    [LoggerMessage(7, LogLevel.Warning, "The cache that remembers handled webhooks failed at {WebhookId}, which may be handled twice.")]
    public static partial void CacheFailed(this ILogger logger, Exception exception, string webhookId);

    [LoggerMessage(8, LogLevel.Debug, "The sender of a webhook broke off, or was too slow, before its body was there.")]
    public static partial void Aborted(this ILogger logger, Exception? exception);

    [LoggerMessage(9, LogLevel.Error, "The changed configuration of OpenAI webhooks is not used, and the one before stays in force. {Reason}")]
    public static partial void ConfigurationRefused(this ILogger logger, string reason);

    [LoggerMessage(10, LogLevel.Error, "The webhook {WebhookId} could not be stored. It is answered 503, so that OpenAI delivers it again.")]
    public static partial void NotStored(this ILogger logger, Exception exception, string webhookId);

    [LoggerMessage(11, LogLevel.Debug, "The webhook {WebhookId} is stored.")]
    public static partial void Stored(this ILogger logger, string webhookId);

    [LoggerMessage(12, LogLevel.Error, "What handlers registered with their cancellation token failed when the host's shutdown deadline passed.")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception);
}
