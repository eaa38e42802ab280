using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The scheduler {Scheduler} stores webhooks for other processes to handle. This one only receives: it has no handler, or ReceiveOnly() was called.")]
    public static partial void ReceivesOnly(this ILogger logger, string scheduler);

    [LoggerMessage(5, LogLevel.Error, "An attempt on the webhook {Key} failed before its handlers could run.")]
    public static partial void FailedBeforeHandlers(this ILogger logger, Exception exception, string key);

    [LoggerMessage(2, LogLevel.Information, "A copy of the dead letter {Key} came. It is tried again.")]
    public static partial void Revived(this ILogger logger, string key);

    [LoggerMessage(3, LogLevel.Warning, "Quartz had given up the webhook {Key} without running it (trigger state ERROR). It is tried again.")]
    public static partial void Repaired(this ILogger logger, string key);

    [LoggerMessage(4, LogLevel.Warning, "Old webhooks could not be removed, or those that Quartz has given up could not be retried. Both are tried again in {Seconds} seconds.")]
    public static partial void NotMaintained(this ILogger logger, Exception exception, double seconds);
}
