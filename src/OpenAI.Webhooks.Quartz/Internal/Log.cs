using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The webhook {WebhookId} has failed for good. It is kept as a job of the group {DeadGroup}; the scheduler's TriggerJob runs it again.")]
    public static partial void Dead(this ILogger logger, Exception exception, string webhookId, string deadGroup);
}
