using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Stores deliveries in its own scheduler. It runs that scheduler with the host, unless this process only receives.
/// </summary>
internal sealed class QuartzInbox(
    InboxName name,
    QuartzInboxOptions options,
    ISchedulerFactory schedulers,
    WebhookDispatcher dispatcher,
    ILogger<QuartzInbox> logger) : IWebhookInbox, IHostedLifecycleService, IDisposable
{
    // How long it may take to return deliveries to the store after the shutdown deadline cancelled their handlers.
    private static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MaintenanceInterval = TimeSpan.FromSeconds(10);

    // More concurrent connections do not speed up a burst, and can exhaust the database's connection limit.
    private readonly SemaphoreSlim _connections = new(6);

    private readonly CancellationTokenSource _stopping = new();
    private IScheduler? _scheduler;
    private Task _maintaining = Task.CompletedTask;

    public InboxName Name => name;

    public QuartzInboxOptions Options => options;

    public IScheduler Scheduler => _scheduler ?? throw new InvalidOperationException($"The scheduler {name.Scheduler} is not started yet. It starts with the host.");

    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        await _connections.WaitAsync(cancellationToken).ConfigureAwait(false);

        // On another thread, because SQLite's calls are not asynchronous.
        await Task.Run(() => StoreAndReleaseAsync(message), CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // Do not pass the host's token: if it were cancelled while the scheduler is created, the factory would keep an unusable
        // scheduler.
        var scheduler = await schedulers.GetScheduler(CancellationToken.None).ConfigureAwait(false);
        if (!(await scheduler.GetMetadata(cancellationToken).ConfigureAwait(false)).JobStorePersistent)
        {
            throw new InvalidOperationException(
                "AddQuartzInbox needs a persistent job store, but the configured store is in memory. Call AddQuartzInbox(quartz => quartz.UsePersistentStore(store => store.UseSqlite(\"Data Source=webhooks.db\"))), or use another database.");
        }

        _scheduler = scheduler;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (dispatcher.CanDispatch(name.Registration))
        {
            await Scheduler.Start(CancellationToken.None).ConfigureAwait(false);
            _maintaining = Task.Run(MaintainRegularlyAsync, CancellationToken.None);
        }
        else
        {
            logger.ReceivesOnly(name.Scheduler);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_scheduler is not { } scheduler)
        {
            return;
        }

        using var grace = new CancellationTokenSource();
        using var registration = cancellationToken.Register(() => grace.CancelAfter(ShutdownGrace));

        // Run on another thread and wait only until the deadline: calls to a locked SQLite database cannot be cancelled.
        await Task.Run(() => ShutdownAsync(scheduler, grace.Token), CancellationToken.None).WaitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _connections.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Reschedules a dead letter, or a trigger in the ERROR state: immediately, and with a full set of attempts.</summary>
    /// <param name="trigger">The trigger to replace.</param>
    /// <param name="attempts">How many earlier attempts no longer count.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if the trigger is gone.</returns>
    public async Task<bool> RescheduleAsync(TriggerHeader trigger, int attempts, CancellationToken cancellationToken)
    {
        var fresh = StoredWebhook.TriggerFor(Scheduler.TimeProvider, new TriggerKey(trigger.JobKey.Name, StoredWebhook.Group), trigger.JobKey, trigger.ExecutionGroup)
            .UsingJobData(StoredWebhook.AttemptsBefore, StoredWebhook.Text(attempts))
            .Build();
        return await Scheduler.RescheduleJob(trigger.Key, fresh, cancellationToken).ConfigureAwait(false) is not null;
    }

    private async Task ShutdownAsync(IScheduler scheduler, CancellationToken cancellationToken)
    {
        await _maintaining.ConfigureAwait(false);
        await scheduler.Shutdown(waitForJobsToComplete: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task StoreAndReleaseAsync(WebhookMessage message)
    {
        try
        {
            await StoreAsync(message).ConfigureAwait(false);
        }
        finally
        {
            _connections.Release();
        }
    }

    // Do not pass the token, so that a delivery is stored completely or not at all.
    private async Task StoreAsync(WebhookMessage message)
    {
        bool isUrgent = message.EventType is { } type && options.UrgentTypes.Contains(type);
        var (job, triggers) = StoredWebhook.Create(message, isUrgent, options.Retention, Scheduler.TimeProvider);
        try
        {
            await Scheduler.ScheduleJob(job, triggers, default, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectAlreadyExistsException)
        {
            await ReviveAsync(job.Key).ConfigureAwait(false);
        }
        catch (JobPersistenceException)
        {
            // Inserts take no lock, so a copy that is stored at the same time violates a unique key.
            if (!await Scheduler.Exists(job.Key, CancellationToken.None).ConfigureAwait(false))
            {
                throw;
            }
        }
    }

    // A copy is already stored. If it is now a dead letter, retry it.
    private async Task ReviveAsync(JobKey key)
    {
        var triggers = await Scheduler.QueryTriggers(new TriggerQuery { Job = key }, CancellationToken.None).ConfigureAwait(false);
        foreach (var dead in triggers.Items.Where(trigger => StoredWebhook.IsDead(trigger, Scheduler.TimeProvider)))
        {
            var job = await Scheduler.GetJobDetail(key, CancellationToken.None).ConfigureAwait(false);
            if (job is not null && await RescheduleAsync(dead, StoredWebhook.AttemptsOf(job), CancellationToken.None).ConfigureAwait(false))
            {
                logger.Revived(key.Name);
            }
        }
    }

    private async Task MaintainRegularlyAsync()
    {
        using var timer = new PeriodicTimer(MaintenanceInterval, Scheduler.TimeProvider);
        try
        {
            do
            {
                await MaintainAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false));
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The host is stopping.
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "If the database throws any exception, maintenance continues when the database is back.")]
    private async Task MaintainAsync()
    {
        try
        {
            await PauseForgettingAsync().ConfigureAwait(false);
            await RetryBrokenAsync().ConfigureAwait(false);
            await ForgetAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            logger.NotMaintained(exception, MaintenanceInterval.TotalSeconds);
        }
    }

    // Whenever Quartz looks for a due delivery, it reads all due triggers that are not paused. The triggers that say when to remove
    // a delivery never fire, and can be many.
    private async Task PauseForgettingAsync()
    {
        if (!await Scheduler.IsTriggerGroupPaused(StoredWebhook.ForgetGroup, _stopping.Token).ConfigureAwait(false))
        {
            await Scheduler.PauseTriggerGroups(GroupMatcher<TriggerKey>.GroupEquals(StoredWebhook.ForgetGroup), _stopping.Token).ConfigureAwait(false);
        }
    }

    // Quartz stops a trigger if its job cannot be created, for example on a node without this package.
    private async Task RetryBrokenAsync()
    {
        var broken = await Scheduler.QueryTriggers(new TriggerQuery { State = TriggerState.Error }, _stopping.Token).ConfigureAwait(false);
        foreach (var trigger in broken.Items)
        {
            if (trigger.Key.Group == StoredWebhook.ForgetGroup)
            {
                await Scheduler.ResetTriggerFromErrorState(trigger.Key, _stopping.Token).ConfigureAwait(false);
            }
            else if (await Scheduler.GetTrigger(trigger.Key, _stopping.Token).ConfigureAwait(false) is { } stored
                && await RescheduleAsync(trigger, StoredWebhook.AttemptsBeforeOf(stored), _stopping.Token).ConfigureAwait(false))
            {
                logger.Repaired(trigger.JobKey.Name);
            }
        }
    }

    // One page of due deliveries at a time: handled deliveries are deleted; waiting and dead deliveries are rescheduled.
    private async Task ForgetAsync()
    {
        var due = new TriggerQuery
        {
            Group = GroupMatcher<TriggerKey>.GroupEquals(StoredWebhook.ForgetGroup),
            State = TriggerState.Paused,
            NextFireTimeBefore = Scheduler.TimeProvider.GetUtcNow(),
        };
        bool hasMore = true;
        while (hasMore)
        {
            var page = await Scheduler.QueryTriggers(due, _stopping.Token).ConfigureAwait(false);
            hasMore = page.HasMore;
            var jobs = await Scheduler.GetJobDetails([.. page.Items.Select(trigger => trigger.JobKey)], _stopping.Token).ConfigureAwait(false);
            var handled = jobs.Where(StoredWebhook.IsHandled).Select(job => job.Key).ToHashSet();
            await Scheduler.DeleteJobs(handled, _stopping.Token).ConfigureAwait(false);
            foreach (var trigger in page.Items.Where(trigger => !handled.Contains(trigger.JobKey)))
            {
                var later = StoredWebhook.ForgetTriggerFor(Scheduler.TimeProvider, trigger.Key, trigger.JobKey, options.Retention).Build();
                await Scheduler.RescheduleJob(trigger.Key, later, _stopping.Token).ConfigureAwait(false);
            }
        }
    }
}
