using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks.AspNetCore;
using Quartz;
using Quartz.Impl.AdoJobStore.Common;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Stores deliveries in its own scheduler. It runs that scheduler with the host, unless this process only receives, or
/// another one handles the deliveries of the same SQLite file.
/// </summary>
internal sealed class QuartzInbox : IWebhookInbox, IHostedLifecycleService, IDisposable
{
    // How long it may take to return deliveries to the store after the shutdown deadline cancelled their handlers.
    private static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MaintenanceInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(500);

    // OpenAI's timestamps are checked against this machine's clock, with a tolerance of minutes.
    private static readonly TimeSpan MaxClockDifference = TimeSpan.FromSeconds(5);

    // How often a trigger that Quartz has given up on is scheduled again before it counts as a dead letter.
    private const int MaxRepairs = 2;

    // More concurrent connections do not speed up a burst, and can exhaust the database's connection limit.
    private readonly SemaphoreSlim _connections = new(6);

    private readonly CancellationTokenSource _stopping = new();
    private readonly IServiceProvider _services;
    private readonly WebhookDispatcher _dispatcher;
    private readonly ILogger<QuartzInbox> _logger;
    private readonly DatabaseClock _clock;
    private volatile InboxCounts? _counts;
    private IScheduler? _scheduler;
    private InboxDatabase? _database;
    private SqliteFile? _file;
    private Task _working = Task.CompletedTask;
    private bool _isClockReported;
    private bool _isLockReported;

    public QuartzInbox(InboxName name, QuartzInboxOptions options, DatabaseClock clock, IServiceProvider services)
    {
        (Name, Options, _clock, _services) = (name, options, clock, services);
        _dispatcher = services.GetRequiredService<WebhookDispatcher>();
        _logger = services.GetRequiredService<ILogger<QuartzInbox>>();
        Metrics = new(services.GetRequiredService<IMeterFactory>(), name.Scheduler, () => _counts);
    }

    public InboxName Name { get; }

    public QuartzInboxOptions Options { get; }

    public InboxMetrics Metrics { get; }

    /// <summary>The attempts that run in this process.</summary>
    public ConcurrentDictionary<JobKey, Lazy<Task<(WebhookAttemptResult?, LeftToAnother?)>>> Running { get; } = new();

    public IScheduler Scheduler => _scheduler ?? throw NotStarted();

    public InboxDatabase Database => _database ?? throw NotStarted();

    /// <summary>Checks that what is stored now would be found again.</summary>
    /// <exception cref="IOException">The SQLite file was moved, replaced or deleted.</exception>
    public void RequireStore() => _file?.RequireInPlace();

    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        RequireStore();
        await _connections.WaitAsync(cancellationToken).ConfigureAwait(false);

        // On another thread, because SQLite's calls are not asynchronous.
        await Task.Run(() => StoreAndReleaseAsync(message), CancellationToken.None)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (_services.GetKeyedService<IDbProvider>(Name.Scheduler) is { } provider)
        {
            string tablePrefix =
                _services.GetRequiredService<IOptionsMonitor<AdoJobStoreOptions>>().Get(Name.Scheduler).TablePrefix;
            _database = new(provider, Name.Scheduler, tablePrefix);
            _file = await _database.OpenSqliteFileAsync(cancellationToken).ConfigureAwait(false);
            await MeasureClockAsync().ConfigureAwait(false);
        }

        // Do not pass the host's token: if it were cancelled while the scheduler is created, the factory would keep an
        // unusable scheduler.
        var factory = _services.GetRequiredKeyedService<ISchedulerFactory>(Name.Scheduler);
        var scheduler = await factory.GetScheduler(CancellationToken.None).ConfigureAwait(false);
        if (_database is null
            || !(await scheduler.GetMetadata(cancellationToken).ConfigureAwait(false)).JobStorePersistent)
        {
            throw new InvalidOperationException(
                "AddQuartzInbox needs a persistent job store, but the configured store is in memory. Call "
                + "AddQuartzInbox(quartz => quartz.UsePersistentStore(store => store.UseSqlite(\"Data "
                + "Source=webhooks.db\"))), or use another database.");
        }

        _scheduler = scheduler;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var working = new List<Task> { Begin(MaintenanceInterval, MaintainAsync) };
        if (!_dispatcher.CanDispatch(Name.Registration))
        {
            _logger.ReceivesOnly(Name.Scheduler);
        }
        else
        {
            if (_file is null || await TryLockAsync(_file, cancellationToken).ConfigureAwait(false))
            {
                await Scheduler.Start(CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                _logger.WaitsForAnother(_file.Path);
                working.Add(Task.Run(() => TakeOverAsync(_file), CancellationToken.None));
            }

            var forgetting = new Forgetting(Database, Scheduler, Options.Retention);
            working.Add(Begin(MaintenanceInterval, () => ForgetAsync(forgetting)));
            if (_file is not null)
            {
                working.Add(Begin(LockInterval, KeepLockAsync));
            }
        }

        _working = Task.WhenAll(working);

        Task Begin(TimeSpan interval, Func<Task> work)
            => Task.Run(() => RepeatAsync(interval, work), CancellationToken.None);
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

        // Run on another thread and wait only until the deadline: calls to a locked SQLite database cannot be
        // cancelled.
        await Task.Run(() => ShutdownAsync(scheduler, grace.Token), CancellationToken.None)
            .WaitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _file?.Dispose();
        _connections.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Reschedules a dead letter, or a trigger in the ERROR state, with a full set of attempts.</summary>
    /// <param name="trigger">The trigger to replace.</param>
    /// <param name="attempts">How many earlier attempts no longer count.</param>
    /// <param name="startAt">When it fires; null for now.</param>
    /// <param name="repairs">How often it was rescheduled because Quartz had given up on it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if the trigger is gone.</returns>
    public async Task<bool> RescheduleAsync(
        TriggerHeader trigger, int attempts, DateTimeOffset? startAt, int repairs, CancellationToken cancellationToken)
    {
        var key = new TriggerKey(trigger.JobKey.Name, StoredWebhook.Group);
        var fresh = StoredWebhook.TriggerFor(_clock, key, trigger.JobKey, trigger.ExecutionGroup)
            .UsingJobData(StoredWebhook.AttemptsBefore, StoredWebhook.Text(attempts))
            .UsingJobData(StoredWebhook.Repairs, StoredWebhook.Text(repairs))
            .StartAt(startAt ?? _clock.GetUtcNow())
            .Build();
        return await Scheduler.RescheduleJob(trigger.Key, fresh, cancellationToken).ConfigureAwait(false) is not null;
    }

    private InvalidOperationException NotStarted()
        => new($"The scheduler {Name.Scheduler} is not started yet. It starts with the host.");

    private async Task ShutdownAsync(IScheduler scheduler, CancellationToken cancellationToken)
    {
        await _working.ConfigureAwait(false);
        await scheduler.Shutdown(waitForJobsToComplete: true, cancellationToken).ConfigureAwait(false);
        _file?.Unlock();
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
        bool isUrgent = message.EventType is { } type && Options.UrgentTypes.Contains(type);
        var (job, triggers) = StoredWebhook.Create(message, isUrgent, Options.Retention, _clock);
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
            // Inserts take no lock, so a duplicate that is stored at the same time violates a unique key.
            if (!await Scheduler.Exists(job.Key, CancellationToken.None).ConfigureAwait(false))
            {
                throw;
            }
        }
    }

    // A duplicate is already stored. If it is now a dead letter, retry it.
    private async Task ReviveAsync(JobKey key)
    {
        var triggers = await Scheduler.QueryTriggers(
            new TriggerQuery { Job = key }, CancellationToken.None).ConfigureAwait(false);
        foreach (var dead in triggers.Items.Where(trigger => StoredWebhook.IsDead(trigger, _clock)))
        {
            var job = await Scheduler.GetJobDetail(key, CancellationToken.None).ConfigureAwait(false);
            if (job is not null
                && await RescheduleAsync(
                    dead,
                    StoredWebhook.AttemptsOf(job),
                    startAt: null,
                    repairs: 0,
                    CancellationToken.None).ConfigureAwait(false))
            {
                _logger.Revived(key.Name);
            }
        }
    }

    // Starting the scheduler takes every delivery that another process handles for an interrupted one of this process.
    private async Task TakeOverAsync(SqliteFile file)
    {
        using var timer = new PeriodicTimer(LockInterval);
        while (await WaitAsync(timer).ConfigureAwait(false))
        {
            if (file.TryLock())
            {
                _logger.TakesOver(file.Path);
                await Scheduler.Start(CancellationToken.None).ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task RepeatAsync(TimeSpan interval, Func<Task> work)
    {
        using var timer = new PeriodicTimer(interval);
        do
        {
            await TryAsync(work).ConfigureAwait(false);
        }
        while (await WaitAsync(timer).ConfigureAwait(false));
    }

    private async Task<bool> WaitAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the database throws, the work goes on when the "
        + "database is back.")]
    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (!_stopping.IsCancellationRequested)
            {
                _logger.NotMaintained(exception, MaintenanceInterval.TotalSeconds);
            }
        }
    }

    private async Task MaintainAsync()
    {
        try
        {
            await MeasureClockAsync().ConfigureAwait(false);
            if (Scheduler.Status == SchedulerStatus.Running)
            {
                await RetryBrokenAsync().ConfigureAwait(false);
            }

            _counts = await Database.ReadCountsAsync(_clock.GetUtcNow(), _stopping.Token).ConfigureAwait(false);
            RequireStore();
        }
        catch
        {
            _counts = null;
            throw;
        }
    }

    // If the lock is missing although deliveries run, it was deleted: the process that handles them takes it again
    // soon.
    private async Task<bool> TryLockAsync(SqliteFile file, CancellationToken cancellationToken)
    {
        if (!file.HasLock && await Database.AreRunningAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(2 * LockInterval, cancellationToken).ConfigureAwait(false);
        }

        return file.TryLock();
    }

    private Task KeepLockAsync()
    {
        bool isLost = Scheduler.Status == SchedulerStatus.Running && !_file!.TryLock();
        if (isLost && !_isLockReported)
        {
            _logger.HandledTwice(_file!.Path);
        }

        _isLockReported = isLost;
        return Task.CompletedTask;
    }

    private async Task ForgetAsync(Forgetting forgetting)
    {
        if (Scheduler.Status == SchedulerStatus.Running)
        {
            await PauseForgettingAsync().ConfigureAwait(false);
            await forgetting.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task MeasureClockAsync()
    {
        await _clock.MeasureAsync(() => Database.ReadTimeAsync(_stopping.Token)).ConfigureAwait(false);
        var ahead = _clock.MachineIsAheadBy;
        if (ahead.Duration() < MaxClockDifference)
        {
            _isClockReported = false;
        }
        else if (!_isClockReported)
        {
            _isClockReported = true;
            _logger.ClockDiffers(
                Math.Round(ahead.Duration().TotalSeconds), ahead > TimeSpan.Zero ? "ahead of" : "behind");
        }
    }

    // Whenever Quartz looks for a due delivery, it reads all due triggers that are not paused. The triggers that say
    // when to remove a delivery never fire, and can be many.
    private async Task PauseForgettingAsync()
    {
        if (!await Scheduler.IsTriggerGroupPaused(StoredWebhook.ForgetGroup, _stopping.Token).ConfigureAwait(false))
        {
            await Scheduler.PauseTriggerGroups(
                GroupMatcher<TriggerKey>.GroupEquals(StoredWebhook.ForgetGroup), _stopping.Token).ConfigureAwait(false);
        }
    }

    // Quartz stops a trigger if its job cannot be read or created, for example on a node without this package.
    private async Task RetryBrokenAsync()
    {
        foreach (string key in await Database.ReadBrokenAsync(_stopping.Token).ConfigureAwait(false))
        {
            await TryAsync(() => RetryBrokenAsync(new JobKey(key, StoredWebhook.Group))).ConfigureAwait(false);
        }
    }

    private async Task RetryBrokenAsync(JobKey job)
    {
        var broken = await Scheduler.QueryTriggers(
            new TriggerQuery { Job = job, State = TriggerState.Error }, _stopping.Token).ConfigureAwait(false);
        foreach (var trigger in broken.Items)
        {
            await (trigger.Key.Group == StoredWebhook.ForgetGroup
                ? Scheduler.ResetTriggerFromErrorState(trigger.Key, _stopping.Token).AsTask()
                : RetryBrokenAsync(trigger)).ConfigureAwait(false);
        }
    }

    private async Task RetryBrokenAsync(TriggerHeader trigger)
    {
        if (await Scheduler.GetTrigger(trigger.Key, _stopping.Token).ConfigureAwait(false) is not { } stored)
        {
            return;
        }

        int repairs = StoredWebhook.RepairsOf(stored) + 1;
        bool isDead = repairs > MaxRepairs;
        int attempts = StoredWebhook.AttemptsBeforeOf(stored);
        var startAt = isDead ? _clock.GetUtcNow() + StoredWebhook.DeadDelay : trigger.StartTimeUtc;
        if (!await RescheduleAsync(trigger, attempts, startAt, repairs, _stopping.Token).ConfigureAwait(false))
        {
            return;
        }

        if (isDead)
        {
            _dispatcher.ReportDeadLetter(
                new WebhookMessage(trigger.JobKey.Name, default, default) { Name = Name.Registration }, attempts);
        }
        else
        {
            _logger.Repaired(trigger.JobKey.Name);
        }
    }
}
