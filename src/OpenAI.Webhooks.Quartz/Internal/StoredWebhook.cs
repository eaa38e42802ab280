using System.Globalization;
using System.Text.Json;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// A stored delivery: a job with the message's key, a trigger that handles it, and a trigger whose time says when to
/// remove it.
/// </summary>
/// <remarks>
/// The job is durable, because Quartz can complete only durable jobs without the cluster lock.
/// </remarks>
internal static class StoredWebhook
{
    /// <summary>The group of the jobs, and of the triggers that handle them.</summary>
    public const string Group = "openai-webhooks";

    /// <summary>
    /// The group of the triggers that say when to remove a delivery. It is also their execution group.
    /// </summary>
    public const string ForgetGroup = "openai-webhooks-forget";

    /// <summary>
    /// The group of the probe jobs with which the health check tests whether the database can store a job.
    /// </summary>
    public const string ProbeGroup = "openai-webhooks-probe";

    /// <summary>The execution group of urgent deliveries.</summary>
    public const string UrgentGroup = "urgent";

    /// <summary>
    /// The key in a trigger's data for the number of earlier attempts, which do not count for this trigger.
    /// </summary>
    public const string AttemptsBefore = "attempts_before";

    /// <summary>
    /// The key in a trigger's data for how often Quartz has given up on the delivery without running it.
    /// </summary>
    public const string Repairs = "repairs";

    // Of the data that a job has. A process leaves what a newer version has stored to one that knows it.
    private const int CurrentVersion = 1;

    private const string Version = "version";
    private const string Offered = "offered_since";

    private const string Message = "message";
    private const string Attempts = "attempts";
    private const string Interruptions = "interruptions";
    private const string Error = "error_type";
    private const string ErrorMessage = "error_message";
    private const string FailedAt = "failed_at";
    private const int UrgentPriority = 10;
    private const int ForgetPriority = 1;
    private const int MaxErrorLength = 2000;

    /// <summary>How far ahead a dead letter's next attempt is scheduled: 100 years, so in practice never.</summary>
    public static readonly TimeSpan DeadDelay = TimeSpan.FromDays(36500);

    public static (IJobDetail Job, IReadOnlyCollection<ITrigger> Triggers) Create(
        WebhookMessage message, bool isUrgent, TimeSpan retention, TimeProvider timeProvider)
    {
        var key = new JobKey(message.Key, Group);
        var job = JobBuilder.Create<HandleWebhookJob>()
            .WithIdentity(key)
            .StoreDurably()
            .RequestRecovery()
            .UsingJobData(Version, Text(CurrentVersion))
            .UsingJobData(Message, message.ToJson())
            .Build();
        var handle = TriggerFor(
            timeProvider, new TriggerKey(key.Name, Group), key, isUrgent ? UrgentGroup : null).Build();
        var forget = ForgetTriggerFor(timeProvider, new TriggerKey(key.Name, ForgetGroup), key, retention).Build();
        return (job, [handle, forget]);
    }

    /// <summary>
    /// A trigger that never fires, because every scheduler excludes its group. Its time says when to remove the
    /// delivery.
    /// </summary>
    public static TriggerBuilder<IJob> ForgetTriggerFor(
        TimeProvider timeProvider, TriggerKey key, JobKey jobKey, TimeSpan retention)
        => TriggerFor(timeProvider, key, jobKey, ForgetGroup).StartAt(timeProvider.GetUtcNow() + retention);

    /// <summary>A trigger that fires immediately.</summary>
    public static TriggerBuilder<IJob> TriggerFor(
        TimeProvider timeProvider, TriggerKey key, JobKey jobKey, string? executionGroup)
    {
        var trigger = TriggerBuilder.Create(timeProvider)
            .WithIdentity(key)
            .ForJob(jobKey)
            .StartAt(timeProvider.GetUtcNow())

            // A delivery is never too late to be handled, and Quartz's misfire handling would slow down a backlog.
            .WithSimpleSchedule(
                schedule => schedule.WithMisfireInstruction(SimpleTriggerMisfireInstruction.IgnoreMisfires))
            .WithPriority(
                executionGroup switch
                {
                    UrgentGroup => UrgentPriority,
                    ForgetGroup => ForgetPriority,
                    _ =>
                    TriggerConstants.DefaultPriority
                });
        return executionGroup is null ? trigger : trigger.WithExecutionGroup(executionGroup);
    }

    /// <summary>
    /// Whether a trigger belongs to a dead letter. The trigger's group does not matter: after a crash, Quartz continues
    /// a delivery with a recovery trigger in a separate group.
    /// </summary>
    public static bool IsDead(TriggerHeader trigger, TimeProvider timeProvider)
        => trigger.NextFireTimeUtc > timeProvider.GetUtcNow() + (DeadDelay / 2);

    /// <summary>The text of a job's message; empty if there is none.</summary>
    public static string TextOf(IJobDetail job) => Value(job.JobDataMap, Message) ?? "";

    /// <summary>The message of a job; null if there is none that can be read.</summary>
    public static WebhookMessage? MessageOf(IJobDetail job)
    {
        try
        {
            return WebhookMessage.Parse(TextOf(job));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static bool IsNewer(IJobDetail job) => Number(job.JobDataMap, Version) > CurrentVersion;

    /// <summary>When a process first found that it cannot handle the delivery; null if none did.</summary>
    public static DateTimeOffset? OfferedSince(IJobDetail job) => Time(job.JobDataMap, Offered);

    public static void SetOffered(IJobDetail job, DateTimeOffset since) => job.JobDataMap[Offered] = Text(since);

    public static int RepairsOf(ITrigger trigger) => Number(trigger.JobDataMap, Repairs);

    /// <summary>How many attempts failed, including those before a replay.</summary>
    public static int AttemptsOf(IJobDetail job) => Number(job.JobDataMap, Attempts);

    /// <summary>How many attempts were made before the trigger of a run was scheduled.</summary>
    public static int AttemptsBeforeOf(ITrigger trigger) => Number(trigger.JobDataMap, AttemptsBefore);

    /// <summary>How often the process ended during an attempt.</summary>
    public static int InterruptionsOf(IJobDetail job) => Number(job.JobDataMap, Interruptions);

    public static void SetInterruptions(IJobDetail job, int interruptions)
        => job.JobDataMap[Interruptions] = Text(interruptions);

    /// <summary>Records a failure, and returns how many attempts there were.</summary>
    public static int SetFailure(IJobDetail job, int attempts, WebhookAttemptResult result, DateTimeOffset now)
    {
        var exception = result.Exception!;
        if (result.IsDeadLetter)
        {
            // After a replay, only what comes then counts.
            attempts += InterruptionsOf(job);
            job.JobDataMap.Remove(Interruptions);
        }

        job.JobDataMap[Attempts] = Text(attempts);
        job.JobDataMap[Error] = exception.GetType().FullName!;
        job.JobDataMap[ErrorMessage] = exception.Message.Length <= MaxErrorLength
            ? exception.Message
            : exception.Message[..MaxErrorLength];
        job.JobDataMap[FailedAt] = Text(now);
        job.JobDataMap.Remove(Offered);
        return attempts;
    }

    /// <summary>Whether the delivery of a job was handled.</summary>
    public static bool IsHandled(IJobDetail job) => job.JobDataMap.IsEmpty;

    /// <summary>Removes the payload and everything else except the job's key.</summary>
    public static void Clear(IJobDetail job) => job.JobDataMap.Clear();

    /// <summary>Creates a dead letter whose job cannot be read.</summary>
    public static WebhookDeadLetter UnreadableDeadLetter(string key, Exception exception) => new()
    {
        Key = key,
        WebhookId = key,
        ExceptionType = exception.GetType().FullName!,
        ExceptionMessage = $"Quartz cannot read what was stored. {exception.Message}",
    };

    /// <summary>Creates a dead letter from its job.</summary>
    public static WebhookDeadLetter DeadLetterOf(IJobDetail job)
    {
        var data = job.JobDataMap;
        var message = MessageOf(job);
        return new()
        {
            Key = job.Key.Name,
            WebhookId = message?.WebhookId ?? job.Key.Name,
            EventType = message?.EventType,
            EventId = message?.EventId,
            ReceivedAt = message?.Timestamp,
            FailedAt = Time(data, FailedAt),
            Attempts = AttemptsOf(job),
            ExceptionType = Value(data, Error) ?? "",
            ExceptionMessage = Value(data, ErrorMessage) ?? "",
        };
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(JobDataMap data, string key)
        => DateTimeOffset.TryParseExact(
            Value(data, key), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time
            : null;

    private static string? Value(JobDataMap data, string key)
        => data.TryGetValue(key, out object? value) ? value as string : null;

    private static int Number(JobDataMap data, string key)
        => int.TryParse(Value(data, key), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
