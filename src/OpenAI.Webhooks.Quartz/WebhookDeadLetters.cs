using System.Runtime.CompilerServices;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Lists, replays and deletes the dead letters of a Quartz inbox. It works in every process that has the inbox, whether it
/// handles deliveries or only receives them. A singleton, with the registration's name as its key if that has one; safe to
/// share between threads. A call takes as long as the database does: give it a token that limits it.
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
    /// Enumerates the dead letters, a page of the database at a time: in the order of their keys, and after them those whose
    /// process had ended once.
    /// </summary>
    /// <param name="cancellationToken">Stops the enumeration.</param>
    /// <returns>The dead letters. Those that die or are replayed meanwhile may or may not be among them.</returns>
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

    /// <summary>Tries a dead letter again, at once and with all its attempts.</summary>
    /// <param name="key">The dead letter's <see cref="WebhookDeadLetter.Key"/>. Must not be null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if there is no such dead letter.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public async Task<bool> ReplayAsync(string key, CancellationToken cancellationToken = default)
        => await FindAsync(key, cancellationToken).ConfigureAwait(false) is { } dead
            && await ReplayAsync(dead, cancellationToken).ConfigureAwait(false);

    /// <summary>Tries all dead letters again for which a condition holds, such as those of one type or one exception.</summary>
    /// <param name="condition">Tells whether to replay one. Must not be null.</param>
    /// <param name="cancellationToken">Stops between two of them.</param>
    /// <returns>How many are tried again.</returns>
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

    /// <summary>Deletes all dead letters for which a condition holds.</summary>
    /// <param name="condition">Tells whether to delete one. Must not be null.</param>
    /// <param name="cancellationToken">Stops between two of them.</param>
    /// <returns>How many are deleted.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="condition"/> is null.</exception>
    /// <exception cref="SchedulerException">The database cannot be read or written.</exception>
    public Task<int> DeleteAllAsync(Func<WebhookDeadLetter, bool> condition, CancellationToken cancellationToken = default)
        => ForAllAsync(condition, (trigger, token) => DeleteAsync(trigger.JobKey, token), cancellationToken);

    private async Task<int> ForAllAsync(Func<WebhookDeadLetter, bool> condition, Func<TriggerHeader, CancellationToken, Task<bool>> act, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);

        // All of them first: to replay or delete one moves the pages of the rest.
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
            // Asked again: somebody may have revived it meanwhile.
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
