using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// The job that handles a stored delivery. One that fails is tried again after 10 seconds, 1 minute, 5 and 30 minutes, 2,
/// 6, 12 and 24 hours, and then is dead. Derive from it with a <see cref="RetryPolicyAttribute"/> of your own for other
/// waits.
/// </summary>
/// <remarks>
/// The policy is the job's and not the trigger's, because the trigger that Quartz makes to recover a job after a crash has
/// none. A dead delivery is a job of the group <see cref="DeadGroup"/>: <see cref="IScheduler.TriggerJob"/> runs it again,
/// and once it has succeeded it is gone from there.
/// </remarks>
[RetryPolicy("00:00:10", "00:01:00", "00:05:00", "00:30:00", "02:00:00", "06:00:00", "12:00:00", "1.00:00:00")]
public class WebhookJob : IJob
{
    /// <summary>
    /// The group of the deliveries that were stored in the last 4 days: one that has a trigger waits, and one that has none
    /// is done with, and here so that a copy of it is known. The job's name is the webhook id. The deliveries of
    /// <c>AddOpenAIWebhooks("staging")</c> are in <c>openai-webhooks.staging</c>.
    /// </summary>
    public const string Group = "openai-webhooks";

    /// <summary>The group of the deliveries that have failed for good, or cannot be read. They stay until they are run again or deleted. Those of a name have it behind a point here, too.</summary>
    public const string DeadGroup = "openai-webhooks-dead";

    private readonly WebhookDispatcher _dispatcher;
    private readonly ILogger<WebhookJob> _logger;

    /// <summary>Makes the job. Quartz does so for each run.</summary>
    /// <param name="dispatcher">Runs the handlers. Must not be null.</param>
    /// <param name="logger">Where it is told that a delivery is dead. Must not be null.</param>
    public WebhookJob(WebhookDispatcher dispatcher, ILogger<WebhookJob> logger)
    {
        _dispatcher = dispatcher;
        _logger = logger;
    }

    /// <summary>Handles the delivery.</summary>
    /// <param name="context">The run. Must not be null.</param>
    /// <param name="cancellationToken">Cancelled when the scheduler asks the job to stop; handed to the handlers.</param>
    /// <returns>A task that ends when the delivery is handled, or dead.</returns>
    /// <remarks>
    /// Throws what a handler throws, unless it was the last attempt. A <see cref="JobExecutionException"/> is thrown as the
    /// inner exception of another, so that nothing it asks of Quartz is done; so is the <see cref="OperationCanceledException"/>
    /// of a run that was interrupted, which has failed like any other, unless the scheduler is shutting down.
    /// </remarks>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws the last time, the delivery is kept.")]
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var stored = StoredWebhook.Of(context.JobDetail);
        try
        {
            await _dispatcher.DispatchAsync(new WebhookMessage(stored.WebhookId, stored.Timestamp, stored.Payload) { Name = stored.Name }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (IsForGood(exception, context, cancellationToken))
        {
            await BuryAsync(context.Scheduler, stored, exception).ConfigureAwait(false);
            return;
        }
        catch (Exception exception) when (exception is JobExecutionException || (exception is OperationCanceledException && !IsStopping(context, cancellationToken)))
        {
            // To Quartz either may say that the job is not to run again, and the delivery would be lost.
            throw new InvalidOperationException($"A handler threw a {exception.GetType().Name}. It is taken for a failure like any other.", exception);
        }

        if (context.JobDetail.Key.Group == stored.DeadKey.Group)
        {
            await context.Scheduler.DeleteJob(stored.DeadKey, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static bool IsForGood(Exception exception, IJobExecutionContext context, CancellationToken cancellationToken)
        => exception is UnreadableWebhookException
            || (!IsStopping(context, cancellationToken) && context.RetryAttempt >= (context.RetryPolicy?.MaxAttempts ?? 0));

    // A run that a shutdown asks to stop has not failed: Quartz runs it again. One that somebody interrupts has.
    private static bool IsStopping(IJobExecutionContext context, CancellationToken cancellationToken)
        => cancellationToken.IsCancellationRequested && context.Scheduler.Status is SchedulerStatus.ShuttingDown or SchedulerStatus.Shutdown;

    // One transaction. The job itself stays where it is and is done with: to delete it takes Quartz several transactions,
    // and a process that is killed between them leaves a job behind that nobody recovers.
    private async Task BuryAsync(IScheduler scheduler, StoredWebhook stored, Exception exception)
    {
        await scheduler.AddJob(stored.ToDeadJob(GetType()), AddJobOptions.Replacing, CancellationToken.None).ConfigureAwait(false);
        _logger.Dead(exception, stored.WebhookId, stored.DeadKey.Group);
    }
}
