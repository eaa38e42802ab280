using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>What an inbox holds.</summary>
/// <param name="Waiting">How many deliveries are not handled yet: waiting for their turn or a retry, or being handled.</param>
/// <param name="Dead">How many dead letters there are.</param>
/// <param name="OldestDue">For how long the delivery has been due that has waited longest for its turn; zero if none is due.</param>
internal sealed record InboxCounts(int Waiting, int Dead, TimeSpan OldestDue)
{
    /// <summary>The groups of the triggers of what is not handled. The second is Quartz's own, after a crash.</summary>
    public static IReadOnlyList<string> LiveGroups { get; } = [StoredWebhook.Group, SchedulerConstants.DefaultRecoveryGroup];

    /// <summary>Counts in the database, by its indexes.</summary>
    public static async Task<InboxCounts> ReadAsync(IScheduler scheduler, CancellationToken cancellationToken)
    {
        var now = scheduler.TimeProvider.GetUtcNow();
        int waiting = 0;
        int dead = 0;
        var oldest = now;
        foreach (string group in LiveGroups)
        {
            var all = new TriggerQuery { Group = GroupMatcher<TriggerKey>.GroupEquals(group), Take = 0, IncludeTotalCount = true };
            int total = await CountAsync(all).ConfigureAwait(false);
            if (total > 0)
            {
                // What is being handled has no next time; what is dead has one in a century.
                var idle = all with { State = TriggerState.Normal };
                int deadInGroup = await CountAsync(idle).ConfigureAwait(false)
                    - await CountAsync(idle with { NextFireTimeBefore = now + (StoredWebhook.DeadDelay / 2) }).ConfigureAwait(false);

                // The counts are not of one moment.
                deadInGroup = Math.Clamp(deadInGroup, 0, total);
                dead += deadInGroup;
                waiting += total - deadInGroup;
                oldest = await OldestDueAsync(scheduler, idle, oldest, cancellationToken).ConfigureAwait(false);
            }
        }

        return new(waiting, dead, now - oldest);

        async Task<int> CountAsync(TriggerQuery query)
            => (await scheduler.QueryTriggers(query, cancellationToken).ConfigureAwait(false)).TotalCount ?? 0;
    }

    // Quartz orders by name only. Each page is a sample, and the next one is of what is older than all of it.
    private static async Task<DateTimeOffset> OldestDueAsync(IScheduler scheduler, TriggerQuery idle, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        while (true)
        {
            var older = await scheduler.QueryTriggers(idle with { Take = PagedQuery.DefaultTake, IncludeTotalCount = false, NextFireTimeBefore = oldest }, cancellationToken).ConfigureAwait(false);
            if (older.Items.Count == 0)
            {
                return oldest;
            }

            oldest = older.Items.Min(trigger => trigger.NextFireTimeUtc)!.Value;
        }
    }
}
