using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The scheduler {Scheduler} stores webhooks for other processes to handle. "
        + "This one only receives: it has no handler, or ReceiveOnly() was called.")]
    public static partial void ReceivesOnly(this ILogger logger, string scheduler);

    [LoggerMessage(2, LogLevel.Information, "A duplicate of the dead letter {Key} arrived. The dead letter is "
        + "retried.")]
    public static partial void Revived(this ILogger logger, string key);

    [LoggerMessage(3, LogLevel.Warning, "Quartz gave up on the webhook {Key} without running it (trigger state ERROR). "
        + "The webhook is retried.")]
    public static partial void Repaired(this ILogger logger, string key);

    [LoggerMessage(4, LogLevel.Warning, "Maintenance of the inbox failed. It runs again in {Seconds} seconds. Until "
        + "then, expired webhooks are not removed, webhooks that Quartz gave up on are not retried, and the clock is "
        + "not compared.")]
    public static partial void NotMaintained(this ILogger logger, Exception exception, double seconds);

    [LoggerMessage(5, LogLevel.Error, "An attempt to handle the webhook {Key} failed before its handlers could run.")]
    public static partial void FailedBeforeHandlers(this ILogger logger, Exception exception, string key);

    [LoggerMessage(6, LogLevel.Warning, "This machine's clock is {Seconds} s {Direction} the database's. Webhooks are "
        + "timed by the database's clock; but OpenAI's timestamps are checked against this machine's. Synchronize the "
        + "clocks (NTP).")]
    public static partial void ClockDiffers(this ILogger logger, double seconds, string direction);

    [LoggerMessage(7, LogLevel.Warning, "Another process handles the webhooks in {File}. This one only receives until "
        + "that one has ended.")]
    public static partial void WaitsForAnother(this ILogger logger, string file);

    [LoggerMessage(8, LogLevel.Information, "The other process has ended. This one handles the webhooks in "
        + "{File} now.")]
    public static partial void TakesOver(this ILogger logger, string file);

    [LoggerMessage(9, LogLevel.Warning, "The webhook {Key} is left to another process. {Reason} It is offered again in "
        + "{Delay}.")]
    public static partial void LeftToAnother(this ILogger logger, string key, string reason, TimeSpan delay);

    [LoggerMessage(10, LogLevel.Information, "The dead letter {Key} is replayed.")]
    public static partial void Replayed(this ILogger logger, string key);

    [LoggerMessage(11, LogLevel.Information, "The dead letter {Key} was deleted.")]
    public static partial void Deleted(this ILogger logger, string key);

    [LoggerMessage(12, LogLevel.Error, "The file that locks {File} for this process was deleted, and another process "
        + "handles its webhooks, too. They can be handled twice. Stop one of the processes, and do not delete the file "
        + "while one runs.")]
    public static partial void HandledTwice(this ILogger logger, string file);
}
