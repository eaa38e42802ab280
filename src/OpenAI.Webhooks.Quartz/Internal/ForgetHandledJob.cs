using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>Removes the jobs of deliveries that were handled more than four days ago: OpenAI delivers for three.</summary>
[DisallowConcurrentExecution]
internal sealed class ForgetHandledJob : IJob
{
    private static readonly JobKey Key = new("forget-handled", "openai-webhooks-housekeeping");

    private static readonly TimeSpan Retention = TimeSpan.FromDays(4);

    /// <summary>Sees to it that the job runs daily, on one machine of a fleet.</summary>
    public static async Task ScheduleAsync(IScheduler scheduler, CancellationToken cancellationToken)
    {
        var job = JobBuilder.Create<ForgetHandledJob>().WithIdentity(Key).WithDescription("Forgets OpenAI webhooks that were handled 4 days ago.").Build();
        var trigger = TriggerBuilder.Create(scheduler.TimeProvider).WithIdentity(Key.Name, Key.Group).ForJob(Key)
            .StartAt(scheduler.TimeProvider.GetUtcNow().AddHours(1))
            .WithSimpleSchedule(schedule => schedule.WithInterval(TimeSpan.FromDays(1)).RepeatForever())
            .Build();
        try
        {
            await scheduler.ScheduleJob(job, trigger, default, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectAlreadyExistsException)
        {
            // Scheduled by an earlier start, or by another machine.
        }
    }

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var scheduler = context.Scheduler;
        var oldest = scheduler.TimeProvider.GetUtcNow() - Retention;

        // What still has a trigger is not done, however old it is; what is stored after this question is too young. All
        // triggers, because those that recover a job are of a group of Quartz's own.
        var triggers = await scheduler.QueryTriggers(new TriggerQuery { Take = PagedQuery.All }, cancellationToken).ConfigureAwait(false);
        var pending = triggers.Items.Select(trigger => trigger.JobKey).ToHashSet();
        var jobs = await scheduler.QueryJobs(
            new JobQuery { Group = GroupMatcher<JobKey>.GroupStartsWith(WebhookJob.Group), Take = PagedQuery.All }, cancellationToken).ConfigureAwait(false);

        foreach (var done in jobs.Items
            .Where(job => StoredWebhook.StoredAt(job.Description) < oldest && !pending.Contains(job.Key))
            .Select(job => job.Key)
            .Chunk(100))
        {
            await scheduler.DeleteJobs(done, cancellationToken).ConfigureAwait(false);
        }
    }
}
