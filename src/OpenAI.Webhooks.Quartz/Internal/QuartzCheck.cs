using Microsoft.Extensions.Hosting;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>Keeps the host from starting where deliveries would not be safe with the scheduler, and names the line that is missing.</summary>
internal sealed class QuartzCheck(IServiceProvider services) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
        => await ForgetHandledJob.ScheduleAsync(await SchedulerAsync().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!((IEnumerable<IHostedService>)services.GetService(typeof(IEnumerable<IHostedService>))!).Any(service => service is QuartzHostedService))
        {
            throw new InvalidOperationException(
                "AddQuartzInbox() stores deliveries that nothing would ever handle. Add builder.Services.AddQuartzHostedService(); in a process that only receives, AddQuartzHostedService(quartz => quartz.AutoStart = false).");
        }

        var metadata = await (await SchedulerAsync().ConfigureAwait(false)).GetMetadata(cancellationToken).ConfigureAwait(false);
        if (!metadata.JobStorePersistent)
        {
            throw new InvalidOperationException(
                "AddQuartzInbox() needs a job store that outlives the process, and this one is in memory. Call AddQuartz(quartz => quartz.UsePersistentStore(store => store.UseSqlite(\"Data Source=webhooks.db\"))), or with another database.");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<IScheduler> SchedulerAsync()
    {
        var schedulers = (ISchedulerFactory?)services.GetService(typeof(ISchedulerFactory)) ?? throw new InvalidOperationException(
            "AddQuartzInbox() needs Quartz. Call builder.Services.AddQuartz(quartz => quartz.UsePersistentStore(…)).");
        return await schedulers.GetScheduler(CancellationToken.None).ConfigureAwait(false);
    }
}
