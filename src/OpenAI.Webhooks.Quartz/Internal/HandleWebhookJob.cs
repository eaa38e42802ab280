using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;
using Quartz.Extensibility;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Handles a stored delivery. The constructor's dependencies cannot fail to resolve, because Quartz permanently stops a trigger
/// whose job cannot be created. Quartz stores changes to the job's data in the transaction that completes the run.
/// </summary>
[PersistJobDataAfterExecution]
[SuppressMessage("Quartz", "QZ0003", Justification = "Only one of a job's two triggers ever fires.")]
internal sealed class HandleWebhookJob(IServiceProvider services, ILogger<HandleWebhookJob> logger) : IJob
{
    [SuppressMessage("Design", "CA1031", Justification = "If a handler throws any exception, the delivery is kept.")]
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (StoredWebhook.IsHandled(context.JobDetail))
        {
            return;
        }

        var inbox = services.GetRequiredKeyedService<QuartzInbox>(context.Scheduler.SchedulerName);
        var dispatcher = services.GetRequiredService<WebhookDispatcher>();
        WebhookMessage? message = null;
        bool isDispatched = false;
        try
        {
            message = StoredWebhook.MessageOf(context.JobDetail);
            if (context.Recovering && context.RetryAttempt == 0)
            {
                await CountRecoveryAsync(context, inbox.Options).ConfigureAwait(false);
            }

            isDispatched = true;
            await DispatchAsync(dispatcher, message, context, cancellationToken).ConfigureAwait(false);
            StoredWebhook.Clear(context.JobDetail);
        }
        catch (Exception exception) when (!IsInterruptedByShutdown(exception, context, cancellationToken))
        {
            if (!isDispatched)
            {
                logger.FailedBeforeHandlers(exception, context.JobDetail.Key.Name);
            }

            throw Fail(context, inbox, dispatcher, message, exception, isForGood: exception is UnreadableWebhookException or PermanentWebhookFailureException or ProcessEndedException || message is null);
        }
    }

    // During a shutdown, handlers may finish until the deadline, when the dispatcher cancels them. So only interruptions that do
    // not come from a shutdown cancel the token.
    private static async Task DispatchAsync(WebhookDispatcher dispatcher, WebhookMessage message, IJobExecutionContext context, CancellationToken cancellationToken)
    {
        using var source = new CancellationTokenSource();
        using var registration = cancellationToken.Register(() =>
        {
            if (!IsStopping(context))
            {
                source.Cancel();
            }
        });
        await dispatcher.DispatchAsync(message, source.Token).ConfigureAwait(false);
    }

    // Store the count before the handlers run, so that a delivery that crashes its process every time is not retried forever.
    private static async Task CountRecoveryAsync(IJobExecutionContext context, QuartzInboxOptions options)
    {
        int recoveries = StoredWebhook.AddRecovery(context.JobDetail);
        if (recoveries > options.RetryDelays.Count)
        {
            throw new ProcessEndedException(recoveries);
        }

        await context.Scheduler.AddJob(context.JobDetail, AddJobOptions.Replacing, CancellationToken.None).ConfigureAwait(false);
    }

    private static JobExecutionException Fail(
        IJobExecutionContext context, QuartzInbox inbox, WebhookDispatcher dispatcher, WebhookMessage? message, Exception exception, bool isForGood)
    {
        int retries = inbox.Options.RetryDelays.Count;
        int attempts = StoredWebhook.AddFailures(
            context.JobDetail, (exception as ProcessEndedException)?.Times ?? 1, exception, context.Scheduler.TimeProvider.GetUtcNow());
        int counted = attempts - StoredWebhook.AttemptsBeforeOf(context.Trigger);
        bool isDead = isForGood || counted > retries;

        // The scheduler's retry policy converts RetryAttempt into the delay before the next attempt. Its last entry is DeadDelay.
        ((IMutableTrigger)context.Trigger).RetryAttempt = isDead ? retries : counted - 1;
        if (isDead)
        {
            dispatcher.ReportDeadLetter(message ?? new WebhookMessage(context.JobDetail.Key.Name, default, default) { Name = inbox.Name.Registration }, attempts);
        }

        // No inner exception: it has already been logged with its stack trace.
        return new JobExecutionException($"Attempt {attempts} failed with {exception.GetType()}. The webhook {(isDead ? "is now a dead letter" : "will be retried")}.");
    }

    private static bool IsInterruptedByShutdown(Exception exception, IJobExecutionContext context, CancellationToken cancellationToken)
        => exception is OperationCanceledException && cancellationToken.IsCancellationRequested && IsStopping(context);

    private static bool IsStopping(IJobExecutionContext context) => context.Scheduler.Status is SchedulerStatus.ShuttingDown or SchedulerStatus.Shutdown;

    /// <summary>Thrown when the process ended during too many runs of a delivery.</summary>
    [SuppressMessage("Design", "CA1032", Justification = "It is thrown only here.")]
    private sealed class ProcessEndedException(int times)
        : Exception($"The process ended {times} times while it was handling the webhook. Fix the handler, then replay the dead letter.")
    {
        public int Times => times;
    }
}
