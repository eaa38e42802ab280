using System.Runtime.CompilerServices;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Lists, replays and deletes the dead letters of a Quartz inbox. It works in every process that has the inbox, whether that
/// process handles deliveries or only receives them. A singleton; for a named registration, a keyed service with that name. Safe to
/// share between threads. Calls have no timeout of their own: pass a token to limit them.
/// </summary>
/// <example>
/// <code>
/// int replayed = await deadLetters.ReplayAllAsync(dead =&gt; dead.ExceptionType == "System.TimeoutException");
/// </code>
/// </example>
public sealed class WebhookDeadLetters
{
    private const int PageSize = 250;

    private readonly QuartzInbox _inbox;

    internal WebhookDeadLetters(QuartzInbox inbox) => _inbox = inbox;

    /// <summary>
    /// Enumerates the dead letters in the order of their keys, reading one database page at a time. Dead letters that Quartz
    /// recovered after their process ended come last.
    /// </summary>
    /// <param name="cancellationToken">Stops the enumeration.</param>
    /// <returns>The dead letters. Changes during the enumeration may or may not be included.</returns>
    /// <exception cref="SchedulerException">The database cannot be read.</exception>
    public async IAsyncEnumerable<WebhookDeadLetter> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var page in PagesAsync(cancellationToken).ConfigureAwait(false))
        {
            var jobs = await _inbox.Scheduler.GetJobDetails([.. page.Select(trigger => trigger.JobKey)], cancellationToken).ConfigureAwait(false);
            foreach (var job in jobs)
            {
                yield return StoredWebhook.DeadLetterOf(job);
            }
        }
    }

    /// <summary>Replays a dead letter immediately, with a full set of attempts.</summary>
    /// <param name="key">The dead letter's <see cref="WebhookDeadLetter.Key"/>. Must not be null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if there is no such dead letter.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public async Task<bool> ReplayAsync(string key, CancellationToken cancellationToken = default)
        => await FindAsync(key, cancellationToken).ConfigureAwait(false) is { } dead
            && await ReplayAsync(dead, cancellationToken).ConfigureAwait(false);

    /// <summary>Replays all dead letters that match a condition, such as a type or an exception.</summary>
    /// <param name="condition">Returns whether to replay a dead letter. Must not be null.</param>
    /// <param name="cancellationToken">Stops before the next dead letter.</param>
    /// <returns>The number of replayed dead letters.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="condition"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public Task<int> ReplayAllAsync(Func<WebhookDeadLetter, bool> condition, CancellationToken cancellationToken = default)
        => ForAllAsync(condition, ReplayAsync, cancellationToken);

    /// <summary>Deletes a dead letter. A copy that OpenAI sends later is handled like any new delivery.</summary>
    /// <param name="key">The dead letter's <see cref="WebhookDeadLetter.Key"/>. Must not be null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if there is no such dead letter.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public async Task<bool> DeleteAsync(string key, CancellationToken cancellationToken = default)
        => await FindAsync(key, cancellationToken).ConfigureAwait(false) is not null
            && await DeleteAsync(new JobKey(key, StoredWebhook.Group), cancellationToken).ConfigureAwait(false);

    /// <summary>Deletes all dead letters that match a condition.</summary>
    /// <param name="condition">Returns whether to delete a dead letter. Must not be null.</param>
    /// <param name="cancellationToken">Stops before the next dead letter.</param>
    /// <returns>The number of deleted dead letters.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="condition"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public Task<int> DeleteAllAsync(Func<WebhookDeadLetter, bool> condition, CancellationToken cancellationToken = default)
        => ForAllAsync(condition, (trigger, token) => DeleteAsync(trigger.JobKey, token), cancellationToken);

    private async Task<int> ForAllAsync(Func<WebhookDeadLetter, bool> condition, Func<TriggerHeader, CancellationToken, Task<bool>> act, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);

        // List all of them first: replaying or deleting one would shift the remaining pages.
        var chosen = new List<TriggerHeader>();
        await foreach (var page in PagesAsync(cancellationToken).ConfigureAwait(false))
        {
            var jobs = await _inbox.Scheduler.GetJobDetails([.. page.Select(trigger => trigger.JobKey)], cancellationToken).ConfigureAwait(false);
            var matching = jobs.Where(job => condition(StoredWebhook.DeadLetterOf(job))).Select(job => job.Key).ToHashSet();
            chosen.AddRange(page.Where(trigger => matching.Contains(trigger.JobKey)));
        }

        int count = 0;
        foreach (var trigger in chosen)
        {
            // Check again: it may have been replayed in the meantime.
            if (await FindAsync(trigger.JobKey.Name, cancellationToken).ConfigureAwait(false) is { } dead)
            {
                count += await act(dead, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return count;
    }

    private async Task<bool> ReplayAsync(TriggerHeader dead, CancellationToken cancellationToken)
        => await _inbox.Scheduler.GetJobDetail(dead.JobKey, cancellationToken).ConfigureAwait(false) is { } job
            && await _inbox.RescheduleAsync(dead, StoredWebhook.AttemptsOf(job), cancellationToken).ConfigureAwait(false);

    private async Task<bool> DeleteAsync(JobKey key, CancellationToken cancellationToken)
        => await _inbox.Scheduler.DeleteJob(key, cancellationToken).ConfigureAwait(false);

    private async Task<TriggerHeader?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        var triggers = await _inbox.Scheduler.QueryTriggers(new TriggerQuery { Job = new JobKey(key, StoredWebhook.Group) }, cancellationToken).ConfigureAwait(false);
        return triggers.Items.FirstOrDefault(trigger => StoredWebhook.IsDead(trigger, _inbox.Scheduler.TimeProvider));
    }

    private async IAsyncEnumerable<TriggerHeader[]> PagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string group in InboxCounts.LiveGroups)
        {
            bool hasMore = true;
            for (int skip = 0; hasMore; skip += PageSize)
            {
                var query = new TriggerQuery { Group = GroupMatcher<TriggerKey>.GroupEquals(group), Skip = skip, Take = PageSize };
                var page = await _inbox.Scheduler.QueryTriggers(query, cancellationToken).ConfigureAwait(false);
                hasMore = page.HasMore;
                TriggerHeader[] dead = [.. page.Items.Where(trigger => StoredWebhook.IsDead(trigger, _inbox.Scheduler.TimeProvider))];
                if (dead.Length > 0)
                {
                    yield return dead;
                }
            }
        }
    }
}
