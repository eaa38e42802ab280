using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>What an inbox holds.</summary>
/// <param name="Waiting">How many deliveries are not handled yet: due, waiting for a retry, or running.</param>
/// <param name="Dead">How many dead letters there are.</param>
/// <param name="OldestDue">How long the longest-waiting delivery has been due; zero if none is due.</param>
internal sealed record InboxCounts(int Waiting, int Dead, TimeSpan OldestDue)
{
    /// <summary>
    /// The trigger groups of unhandled deliveries. The second is Quartz's own group for recovery after a crash.
    /// </summary>
    public static IReadOnlyList<string> LiveGroups { get; } =
        [StoredWebhook.Group, SchedulerConstants.DefaultRecoveryGroup];

    /// <summary>Counts in the database with queries that use its indexes.</summary>
    public static async Task<InboxCounts> ReadAsync(IScheduler scheduler, CancellationToken cancellationToken)
    {
        var now = scheduler.TimeProvider.GetUtcNow();
        int waiting = 0;
        int dead = 0;
        var oldest = now;
        foreach (string group in LiveGroups)
        {
            var all = new TriggerQuery
            {
                Group = GroupMatcher<TriggerKey>.GroupEquals(group),
                Take = 0,
                IncludeTotalCount = true,
            };
            int total = await CountAsync(all).ConfigureAwait(false);
            if (total > 0)
            {
                // A running delivery has no next fire time. A dead letter's next fire time is a century away.
                var idle = all with { State = TriggerState.Normal };
                int deadInGroup = await CountAsync(idle).ConfigureAwait(false)
                    - await CountAsync(
                        idle with { NextFireTimeBefore = now + (StoredWebhook.DeadDelay / 2) }).ConfigureAwait(false);

                // The counts come from separate queries, so they can be inconsistent.
                deadInGroup = Math.Clamp(deadInGroup, 0, total);
                dead += deadInGroup;
                waiting += total - deadInGroup;
                oldest = await OldestDueAsync(scheduler, idle, oldest, cancellationToken).ConfigureAwait(false);

                // Quartz has given up on these, and has left them no next fire time.
                var broken = await scheduler.QueryTriggers(all with
                {
                    State = TriggerState.Error,
                    Take = PagedQuery.DefaultTake,
                }, cancellationToken).ConfigureAwait(false);
                oldest = broken.Items.Select(trigger => trigger.StartTimeUtc).Append(oldest).Min();
            }
        }

        return new(waiting, dead, now - oldest);

        async Task<int> CountAsync(TriggerQuery query)
            => (await scheduler.QueryTriggers(query, cancellationToken).ConfigureAwait(false)).TotalCount ?? 0;
    }

    // Quartz can sort only by name. Each query returns a page of triggers; the next query asks only for triggers older
    // than that page's oldest.
    private static async Task<DateTimeOffset> OldestDueAsync(
        IScheduler scheduler, TriggerQuery idle, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        while (true)
        {
            var older = await scheduler.QueryTriggers(idle with
            {
                Take = PagedQuery.DefaultTake,
                IncludeTotalCount = false,
                NextFireTimeBefore = oldest,
            }, cancellationToken).ConfigureAwait(false);
            if (older.Items.Count == 0)
            {
                return oldest;
            }

            oldest = older.Items.Min(trigger => trigger.NextFireTimeUtc)!.Value;
        }
    }
}
