using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The scheduler {Scheduler} stores webhooks for other processes to handle. This one only receives: it has no handler, or ReceiveOnly() was called.")]
    public static partial void ReceivesOnly(this ILogger logger, string scheduler);

    [LoggerMessage(2, LogLevel.Information, "A copy of the dead letter {Key} came. It is tried again.")]
    public static partial void Revived(this ILogger logger, string key);

    [LoggerMessage(3, LogLevel.Warning, "Quartz had given up the webhook {Key} without running it (trigger state ERROR). It is tried again.")]
    public static partial void Repaired(this ILogger logger, string key);

    [LoggerMessage(4, LogLevel.Warning, "Whether Quartz has given up any webhook could not be asked. It is asked again in {Seconds} seconds.")]
    public static partial void NotRepaired(this ILogger logger, Exception exception, double seconds);
}
