using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Everything the package logs: never a secret, a payload or a signature.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, string, string, IDisposable?> DeliveryScope =
        LoggerMessage.DefineScope<string, string>("WebhookId:{WebhookId} EventType:{EventType}");

    /// <summary>Adds the delivery's id and type to everything logged within the scope.</summary>
    public static IDisposable? BeginDelivery(this ILogger logger, string webhookId, string eventType)
        => DeliveryScope(logger, webhookId, eventType);

    [LoggerMessage(1, LogLevel.Information, "Handled the webhook {WebhookId} ({EventType}).")]
    public static partial void Handled(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(2, LogLevel.Information, "The webhook {WebhookId} ({EventType}) is a copy of a delivery that was "
        + "handled or is being handled. It gets the same response and is not handled again.")]
    public static partial void Duplicate(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(3, LogLevel.Warning, "Rejected a webhook (claimed id {WebhookId}). {Reason}{LeftOut}")]
    public static partial void Refused(this ILogger logger, string webhookId, string reason, string leftOut);

    [LoggerMessage(4, LogLevel.Error, "The webhook {WebhookId} is authentic, but this version cannot read its event. "
        + "{Reason}")]
    public static partial void Unreadable(this ILogger logger, string webhookId, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Rejected a webhook (claimed id {WebhookId}): its body is over the limit of "
        + "{MaxBodyBytes} bytes ({Section}:MaxBodyBytes), or over the server's own limit.{LeftOut}")]
    public static partial void TooLarge(
        this ILogger logger, string webhookId, int maxBodyBytes, string section, string leftOut);

    [LoggerMessage(6, LogLevel.Error, "A handler failed for the webhook {WebhookId} ({EventType}). {Next}")]
    public static partial void HandlerFailed(
        this ILogger logger, Exception exception, string webhookId, string eventType, string next);

    [LoggerMessage(7, LogLevel.Warning, "The deduplication cache failed for the webhook {WebhookId}. The webhook may "
        + "be handled twice.")]
    public static partial void CacheFailed(this ILogger logger, Exception exception, string webhookId);

    [LoggerMessage(8, LogLevel.Debug, "The body of a webhook did not arrive: the client disconnected, timed out or "
        + "sent malformed chunks, or a request timeout expired.")]
    public static partial void Aborted(this ILogger logger, Exception? exception);

    [LoggerMessage(9, LogLevel.Error, "The changed configuration of OpenAI webhooks is invalid. The last valid "
        + "configuration stays in effect. {Reason}")]
    public static partial void ConfigurationRefused(this ILogger logger, string reason);

    [LoggerMessage(10, LogLevel.Error, "The webhook {WebhookId} could not be stored: {Inbox} failed, or took longer "
        + "than {Seconds} seconds. The response is 503, so OpenAI will retry.")]
    public static partial void NotStored(
        this ILogger logger, Exception exception, string webhookId, string inbox, int seconds);

    [LoggerMessage(11, LogLevel.Debug, "Stored the webhook {WebhookId}.")]
    public static partial void Stored(this ILogger logger, string webhookId);

    [LoggerMessage(12, LogLevel.Error, "A cancellation callback registered by a handler threw when the shutdown "
        + "deadline passed.")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception);

    [LoggerMessage(24, LogLevel.Warning, "The handler of the webhook {WebhookId} ({EventType}) ignores its "
        + "cancellation token: the shutdown deadline has passed, and it still runs. It is cut off when the process "
        + "ends, and the delivery is handled again. Pass the token to every call in the handler, or raise "
        + "HostOptions.ShutdownTimeout.")]
    public static partial void CutOff(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(13, LogLevel.Warning, "No handler is registered for {EventType}, so the webhook {WebhookId} was "
        + "acknowledged and dropped. Add a handler with AddHandler<{EventRecord}, THandler>(), or unsubscribe the "
        + "endpoint from this type at OpenAI.{LeftOut}")]
    public static partial void Ignored(
        this ILogger logger, string webhookId, string eventType, string eventRecord, string leftOut);

    [LoggerMessage(14, LogLevel.Error, "A handler reported a permanent failure for the webhook {WebhookId} "
        + "({EventType}). The delivery is not retried.")]
    public static partial void GivenUp(this ILogger logger, Exception exception, string webhookId, string eventType);

    [LoggerMessage(20, LogLevel.Warning, "{AddCall} has no endpoint and no handler. It can only be used by "
        + "UnwrapOpenAIWebhookAsync or a WebhookVerifier, and both will fail. {Reason}")]
    public static partial void CannotUnwrap(this ILogger logger, string addCall, string reason);

    [LoggerMessage(17, LogLevel.Error, "The webhook {WebhookId} ({EventType}) is a dead letter (failed attempts: "
        + "{Attempts}). It is not retried until somebody replays it.")]
    public static partial void Dead(this ILogger logger, string webhookId, string eventType, int attempts);

    [LoggerMessage(21, LogLevel.Error, "This process cannot handle the webhook {WebhookId}. The delivery will be "
        + "retried. {Reason}")]
    public static partial void CannotDispatch(this ILogger logger, string webhookId, string reason);

    [LoggerMessage(22, LogLevel.Error, "The webhook {WebhookId} was taken from the queue {Attempts} times, but was not "
        + "handled. If an attempt has no logged failure, the process ended during it, or the queue redelivered the "
        + "message because it was not acknowledged in time.")]
    public static partial void CutShort(this ILogger logger, string webhookId, int attempts);

    [LoggerMessage(23, LogLevel.Error, "The queue contains a text that is not a webhook message. The text becomes a "
        + "dead letter. Find out what else writes to the queue. {Reason}")]
    public static partial void NotAMessage(this ILogger logger, string reason);

    [LoggerMessage(15, LogLevel.Information, "POST {Pattern} receives OpenAI webhooks: {Target}.")]
    public static partial void Mapped(this ILogger logger, string pattern, string target);

    [LoggerMessage(16, LogLevel.Warning, "OpenAI's deliveries to POST {Pattern} may be rejected before the endpoint "
        + "sees them: {Reason}")]
    public static partial void MayBeRejected(this ILogger logger, string pattern, string reason);
}
