using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Everything the package logs: never a secret, a payload or a signature.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, string, string, IDisposable?> DeliveryScope =
        LoggerMessage.DefineScope<string, string>("WebhookId:{WebhookId} EventType:{EventType}");

    /// <summary>Gives everything that is logged meanwhile the delivery's id and type.</summary>
    public static IDisposable? BeginDelivery(this ILogger logger, string webhookId, string eventType) => DeliveryScope(logger, webhookId, eventType);

    [LoggerMessage(1, LogLevel.Information, "Handled the webhook {WebhookId} ({EventType}).")]
    public static partial void Handled(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(2, LogLevel.Information, "The webhook {WebhookId} ({EventType}) is a copy of one that was handled or is being handled. It gets the same response and is not handled again.")]
    public static partial void Duplicate(this ILogger logger, string webhookId, string eventType);

    [LoggerMessage(3, LogLevel.Warning, "Rejected a webhook (claimed id {WebhookId}). {Reason}{LeftOut}")]
    public static partial void Refused(this ILogger logger, string webhookId, string reason, string leftOut);

    [LoggerMessage(4, LogLevel.Error, "The webhook {WebhookId} is authentic, but this version cannot read its event. {Reason}")]
    public static partial void Unreadable(this ILogger logger, string webhookId, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Rejected a webhook (claimed id {WebhookId}): its body is over the limit of {MaxBodyBytes} bytes ({Section}:MaxBodyBytes), or over the server's own limit.{LeftOut}")]
    public static partial void TooLarge(this ILogger logger, string webhookId, int maxBodyBytes, string section, string leftOut);

    [LoggerMessage(6, LogLevel.Error, "A handler failed on the webhook {WebhookId} ({EventType}). The delivery is retried: by OpenAI for up to 72 hours, or by the inbox that holds it until its last attempt.")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string webhookId, string eventType);

    [LoggerMessage(7, LogLevel.Warning, "The cache of handled webhooks failed for {WebhookId}, which may be handled twice.")]
    public static partial void CacheFailed(this ILogger logger, Exception exception, string webhookId);

    [LoggerMessage(8, LogLevel.Debug, "The body of a webhook did not arrive: the client disconnected, timed out or sent malformed chunks, or a request timeout expired.")]
    public static partial void Aborted(this ILogger logger, Exception? exception);

    [LoggerMessage(9, LogLevel.Error, "The changed configuration of OpenAI webhooks cannot be used. The last good one stays in force. {Reason}")]
    public static partial void ConfigurationRefused(this ILogger logger, string reason);

    [LoggerMessage(10, LogLevel.Error, "The webhook {WebhookId} could not be stored. The response is 503, so that OpenAI sends it again.")]
    public static partial void NotStored(this ILogger logger, Exception exception, string webhookId);

    [LoggerMessage(11, LogLevel.Debug, "Stored the webhook {WebhookId}.")]
    public static partial void Stored(this ILogger logger, string webhookId);

    [LoggerMessage(12, LogLevel.Error, "A cancellation callback registered by a handler threw when the shutdown deadline passed.")]
    public static partial void CallbackFailed(this ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Warning, "No handler takes {EventType}, so the webhook {WebhookId} was acknowledged and dropped. Add a handler with AddHandler<{EventRecord}, THandler>(), or unsubscribe the endpoint at OpenAI from this type.{LeftOut}")]
    public static partial void Ignored(this ILogger logger, string webhookId, string eventType, string eventRecord, string leftOut);

    [LoggerMessage(14, LogLevel.Error, "A handler gave up on the webhook {WebhookId} ({EventType}), because no retry can help. The delivery is not retried.")]
    public static partial void GivenUp(this ILogger logger, Exception exception, string webhookId, string eventType);

    [LoggerMessage(18, LogLevel.Error, "Several endpoints are mapped to POST {Pattern}. The server cannot choose between them, and responds to every delivery with 500. Map each to a path of its own.")]
    public static partial void Ambiguous(this ILogger logger, string pattern);

    [LoggerMessage(19, LogLevel.Warning, "A webhook secret of {AddCall} is text and does not begin with whsec_, as OpenAI's secrets do. Text is for tests: if it can be guessed, anybody can sign deliveries, and those of OpenAI are rejected.")]
    public static partial void TextSecret(this ILogger logger, string addCall);

    [LoggerMessage(20, LogLevel.Warning, "{AddCall} has no endpoint and no handler, so it can only be for UnwrapOpenAIWebhookAsync or a WebhookVerifier, and those will fail. {Reason}")]
    public static partial void CannotUnwrap(this ILogger logger, string addCall, string reason);

    [LoggerMessage(17, LogLevel.Error, "The webhook {WebhookId} ({EventType}) is a dead letter (failed attempts: {Attempts}). It is not retried until somebody replays it.")]
    public static partial void Dead(this ILogger logger, string webhookId, string eventType, int attempts);

    [LoggerMessage(21, LogLevel.Error, "The webhook {WebhookId} cannot be handled in this process, so it is retried. {Reason}")]
    public static partial void CannotDispatch(this ILogger logger, string webhookId, string reason);

    [LoggerMessage(22, LogLevel.Error, "The webhook {WebhookId} was taken from the queue {Attempts} times and not handled. For attempts without a logged failure: the process ended meanwhile, or the queue took the message back because it was not acknowledged in time.")]
    public static partial void CutShort(this ILogger logger, string webhookId, int attempts);

    [LoggerMessage(23, LogLevel.Error, "The queue holds a text that is not a webhook message, so it is a dead letter. Find out who else writes to the queue. {Reason}")]
    public static partial void NotAMessage(this ILogger logger, string reason);

    [LoggerMessage(15, LogLevel.Information, "POST {Pattern} receives OpenAI webhooks: {Target}.")]
    public static partial void Mapped(this ILogger logger, string pattern, string target);

    [LoggerMessage(16, LogLevel.Warning, "OpenAI's deliveries to POST {Pattern} may be rejected before the endpoint sees them: {Reason}")]
    public static partial void MayBeRejected(this ILogger logger, string pattern, string reason);
}
