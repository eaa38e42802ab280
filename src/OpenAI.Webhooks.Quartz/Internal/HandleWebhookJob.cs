using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;
using Quartz.Extensibility;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Handles a stored delivery. The constructor's dependencies cannot fail to resolve, because Quartz permanently stops a
/// trigger whose job cannot be created. Quartz stores changes to the job's data in the transaction that completes the
/// run.
/// </summary>
[PersistJobDataAfterExecution]
[SuppressMessage("Quartz", "QZ0003", Justification = "Only one of a job's two triggers ever fires.")]
internal sealed class HandleWebhookJob(IServiceProvider services, ILogger<HandleWebhookJob> logger) : IJob
{
    private const int MinOfferSeconds = 1;
    private const int MaxOfferSeconds = 60;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var job = context.JobDetail;
        if (StoredWebhook.IsHandled(job))
        {
            return;
        }

        var inbox = services.GetRequiredKeyedService<QuartzInbox>(context.Scheduler.SchedulerName);
        int before = StoredWebhook.AttemptsBeforeOf(context.Trigger);
        int attempt = StoredWebhook.AttemptsOf(job) - before + 1;
        int interruptions = StoredWebhook.InterruptionsOf(job);
        if (context.Recovering && context.RetryAttempt == 0)
        {
            StoredWebhook.SetInterruptions(job, ++interruptions);
        }

        var (result, left) =
            await RunOnceAsync(context, inbox, attempt, interruptions, cancellationToken).ConfigureAwait(false);
        if (left is not null && result is null)
        {
            StoredWebhook.SetOffered(job, left.Since);
            throw RetryAfter(context, left.Delay, $"The webhook is left to another process. {left.Reason}");
        }

        if (result!.IsHandled)
        {
            StoredWebhook.Clear(job);
            return;
        }

        // After too many interruptions, or if no process took the delivery, no further attempt was made.
        bool isAttempted = left is null && interruptions <= inbox.Options.RetryDelays.Count;
        int failed = before + (isAttempted ? attempt : attempt - 1);
        int attempts = StoredWebhook.SetFailure(job, failed, result, context.Scheduler.TimeProvider.GetUtcNow());
        throw RetryAfter(
            context,
            result.RetryDelay ?? StoredWebhook.DeadDelay,
            $"Attempt {attempts} failed with {result.Exception!.GetType()}. The webhook "
            + $"{(result.IsDeadLetter ? "is now a dead letter" : "will be retried")}.");
    }

    // No inner exception: it has already been logged with its stack trace. Quartz applies the policy of the trigger
    // when the run has failed, and stores only the time of the next one.
    private static JobExecutionException RetryAfter(IJobExecutionContext context, TimeSpan delay, string message)
    {
        ((IMutableTrigger)context.Trigger).RetryPolicy = RetryPolicy.Fixed(int.MaxValue, delay);
        return new(message);
    }

    // If this process was frozen, another one may have taken it for dead and recovered a delivery that still runs here.
    // The recovery has replaced the trigger, so both runs end with the result of the one attempt.
    private async Task<(WebhookAttemptResult? Result, LeftToAnother? Left)> RunOnceAsync(
        IJobExecutionContext context,
        QuartzInbox inbox,
        int attempt,
        int interruptions,
        CancellationToken cancellationToken)
    {
        var own = new Lazy<Task<(WebhookAttemptResult?, LeftToAnother?)>>(
            () => RunAsync(context, inbox, attempt, interruptions, cancellationToken));
        var running = inbox.Running.GetOrAdd(context.JobDetail.Key, own);
        try
        {
            return await running.Value.ConfigureAwait(false);
        }
        finally
        {
            if (running == own)
            {
                inbox.Running.TryRemove(context.JobDetail.Key, out _);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever is thrown, the delivery is kept.")]
    private async Task<(WebhookAttemptResult? Result, LeftToAnother? Left)> RunAsync(
        IJobExecutionContext context,
        QuartzInbox inbox,
        int attempt,
        int interruptions,
        CancellationToken cancellationToken)
    {
        try
        {
            if (WhyNotHere(context.JobDetail) is { } reason)
            {
                return LeaveToAnother(context, inbox, reason);
            }

            if (context.Recovering && context.RetryAttempt == 0)
            {
                // Before the handlers run, so that a delivery that crashes its process every time is not retried
                // forever.
                await context.Scheduler.AddJob(
                    context.JobDetail, AddJobOptions.Replacing, CancellationToken.None).ConfigureAwait(false);
            }

            return (
                await AttemptAsync(
                    context,
                    attempt,
                    inbox.Options.RetryDelays,
                    interruptions,
                    cancellationToken).ConfigureAwait(false),
                null);
        }
        catch (Exception exception) when (!IsInterruptedByShutdown(exception, context, cancellationToken))
        {
            if (exception is not OperationCanceledException)
            {
                logger.FailedBeforeHandlers(exception, context.JobDetail.Key.Name);
            }

            return (WebhookAttemptResult.After(attempt, interruptions, exception, inbox.Options.RetryDelays), null);
        }
    }

    private string? WhyNotHere(IJobDetail job)
    {
        if (StoredWebhook.IsNewer(job))
        {
            return "A newer version of OpenAI.Webhooks.Quartz stored it.";
        }

        return StoredWebhook.MessageOf(job) is { EventType: { } type } message
            && !services.GetRequiredService<WebhookDispatcher>().CanDispatch(message)
            ? WebhookEventTypes.Of<WebhookEvent>().Contains(type)
                ? $"This process has no handler for {type}."
                : "This process has no handler for a type that is newer than this version."
            : null;
    }

    // Another process may have the handler, or the version. If none takes the delivery for as long as all retries last,
    // it is dead.
    private (WebhookAttemptResult? Result, LeftToAnother? Left) LeaveToAnother(
        IJobExecutionContext context, QuartzInbox inbox, string reason)
    {
        var job = context.JobDetail;
        var now = context.Scheduler.TimeProvider.GetUtcNow();
        var since = StoredWebhook.OfferedSince(job) ?? now;
        var offered = now - since;
        if (offered > inbox.Options.RetryDelays.Aggregate(TimeSpan.Zero, (sum, delay) => sum + delay))
        {
            string time =
                TimeSpan.FromSeconds(Math.Floor(offered.TotalSeconds)).ToString("c", CultureInfo.InvariantCulture);
            var exception = new InvalidOperationException($"No process took the webhook for {time}. {reason}");
            services.GetRequiredService<WebhookDispatcher>().ReportDeadLetter(
                StoredWebhook.MessageOf(job) ?? new(job.Key.Name, default, default), StoredWebhook.AttemptsOf(job));
            return (
                WebhookAttemptResult.After(attempt: 1, interruptions: 0, exception, retryDelays: []),
                new(reason, since, default));
        }

        // Soon at first, because another process is likely to take it.
        var delay = TimeSpan.FromSeconds(
            Math.Clamp(Math.Floor(offered.TotalSeconds / 8), MinOfferSeconds, MaxOfferSeconds));
        logger.LeftToAnother(job.Key.Name, reason, delay);
        return (null, new(reason, since, delay));
    }

    // During a shutdown, handlers may finish until the deadline, when the dispatcher cancels them. So only
    // interruptions that do not come from a shutdown cancel the token.
    private async Task<WebhookAttemptResult> AttemptAsync(
        IJobExecutionContext context,
        int attempt,
        IReadOnlyList<TimeSpan> retryDelays,
        int interruptions,
        CancellationToken cancellationToken)
    {
        using var source = new CancellationTokenSource();
        using var registration = cancellationToken.Register(() =>
        {
            if (!IsStopping(context))
            {
                source.Cancel();
            }
        });
        return await services.GetRequiredService<WebhookDispatcher>()
            .AttemptAsync(
                StoredWebhook.TextOf(context.JobDetail),
                attempt,
                retryDelays,
                interruptions,
                source.Token).ConfigureAwait(false);
    }

    private static bool IsInterruptedByShutdown(
        Exception exception, IJobExecutionContext context, CancellationToken cancellationToken)
        => exception is OperationCanceledException && cancellationToken.IsCancellationRequested && IsStopping(context);

    private static bool IsStopping(IJobExecutionContext context)
        => context.Scheduler.Status is SchedulerStatus.ShuttingDown or SchedulerStatus.Shutdown;
}
