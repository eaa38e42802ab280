using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;
using Quartz.Extensibility;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Handles a stored delivery. Its constructor takes only what cannot fail, because Quartz gives a trigger up for good if its
/// job cannot be made. What it records in the job's data, Quartz stores in the transaction that completes the run.
/// </summary>
[PersistJobDataAfterExecution]
[SuppressMessage("Quartz", "QZ0003", Justification = "Of a job's two triggers, only one ever fires.")]
internal sealed class HandleWebhookJob(IServiceProvider services, ILogger<HandleWebhookJob> logger) : IJob
{
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws, the delivery is kept.")]
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

    // Handlers may finish during a shutdown, until its deadline cancels them through the dispatcher. Only an interruption by
    // somebody else is handed on.
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

    // Stored before the handlers run: a delivery that ends its process each time must end too.
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

        // The scheduler's retry policy turns RetryAttempt into the wait before the next attempt; its last entry is DeadDelay.
        ((IMutableTrigger)context.Trigger).RetryAttempt = isDead ? retries : counted - 1;
        if (isDead)
        {
            dispatcher.ReportDeadLetter(message ?? new WebhookMessage(context.JobDetail.Key.Name, default, default) { Name = inbox.Name.Registration }, attempts);
        }

        // Without the cause, which has been logged with its stack.
        return new JobExecutionException($"Attempt {attempts} failed with {exception.GetType()}. The webhook is {(isDead ? "a dead letter" : "retried")}.");
    }

    private static bool IsInterruptedByShutdown(Exception exception, IJobExecutionContext context, CancellationToken cancellationToken)
        => exception is OperationCanceledException && cancellationToken.IsCancellationRequested && IsStopping(context);

    private static bool IsStopping(IJobExecutionContext context) => context.Scheduler.Status is SchedulerStatus.ShuttingDown or SchedulerStatus.Shutdown;

    /// <summary>The process has ended during each of the last runs.</summary>
    [SuppressMessage("Design", "CA1032", Justification = "It is raised here alone.")]
    private sealed class ProcessEndedException(int times)
        : Exception($"The process ended {times} times while it handled the webhook. Fix the handler, then replay the dead letter.")
    {
        public int Times => times;
    }
}
