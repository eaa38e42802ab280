using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The scheduler {Scheduler} stores webhooks for other processes to handle. This one only receives: it has no handler, or ReceiveOnly() was called.")]
    public static partial void ReceivesOnly(this ILogger logger, string scheduler);

    [LoggerMessage(5, LogLevel.Error, "An attempt to handle the webhook {Key} failed before its handlers could run.")]
    public static partial void FailedBeforeHandlers(this ILogger logger, Exception exception, string key);

    [LoggerMessage(2, LogLevel.Information, "A copy of the dead letter {Key} arrived. The dead letter is retried.")]
    public static partial void Revived(this ILogger logger, string key);

    [LoggerMessage(3, LogLevel.Warning, "Quartz gave up on the webhook {Key} without running it (trigger state ERROR). The webhook is retried.")]
    public static partial void Repaired(this ILogger logger, string key);

    [LoggerMessage(4, LogLevel.Warning, "Maintenance of the inbox failed: expired webhooks could not be removed, or webhooks that Quartz gave up on could not be retried. Maintenance runs again in {Seconds} seconds.")]
    public static partial void NotMaintained(this ILogger logger, Exception exception, double seconds);
}
