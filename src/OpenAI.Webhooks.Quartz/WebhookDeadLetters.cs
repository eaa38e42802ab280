using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Lists, replays and deletes the dead letters of a Quartz inbox. It works in every process that has the inbox, whether
/// that process handles deliveries or only receives them. A singleton; for a named registration, a keyed service with
/// that name. Safe to share between threads. Calls have no timeout of their own: pass a token to limit them.
/// </summary>
/// <example>
/// <code>
/// int replayed = await deadLetters.ReplayAllAsync(dead =&gt; dead.ExceptionType == "System.TimeoutException");
/// </code>
/// </example>
public sealed class WebhookDeadLetters
{
    private readonly QuartzInbox _inbox;
    private readonly ILogger<WebhookDeadLetters> _logger;

    internal WebhookDeadLetters(QuartzInbox inbox, ILogger<WebhookDeadLetters> logger)
        => (_inbox, _logger) = (inbox, logger);

    /// <summary>
    /// Enumerates the dead letters in the order of their keys: all that there were when the enumeration began, except
    /// those that were replayed or deleted meanwhile.
    /// </summary>
    /// <param name="cancellationToken">Stops the enumeration.</param>
    /// <returns>The dead letters, each once.</returns>
    /// <exception cref="SchedulerException">The database cannot be read.</exception>
    /// <exception cref="DbException">The database cannot be read.</exception>
    public async IAsyncEnumerable<WebhookDeadLetter> ListAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (
            string key in await _inbox.Database.ReadDeadAsync(
                _inbox.Scheduler.TimeProvider.GetUtcNow(), cancellationToken).ConfigureAwait(false))
        {
            if (await ReadAsync(key, cancellationToken).ConfigureAwait(false) is { } dead)
            {
                yield return dead;
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
    public Task<int> ReplayAllAsync(
        Func<WebhookDeadLetter, bool> condition, CancellationToken cancellationToken = default)
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
    public Task<int> DeleteAllAsync(
        Func<WebhookDeadLetter, bool> condition, CancellationToken cancellationToken = default)
        => ForAllAsync(condition, (trigger, token) => DeleteAsync(trigger.JobKey, token), cancellationToken);

    private async Task<int> ForAllAsync(
        Func<WebhookDeadLetter, bool> condition,
        Func<TriggerHeader, CancellationToken, Task<bool>> act,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);
        int count = 0;
        await foreach (var letter in ListAsync(cancellationToken).ConfigureAwait(false))
        {
            // Looked up again: it may have been replayed in the meantime.
            if (condition(letter) && await FindAsync(letter.Key, cancellationToken).ConfigureAwait(false) is { } dead)
            {
                count += await act(dead, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return count;
    }

    private async Task<WebhookDeadLetter?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var job = await _inbox.Scheduler.GetJobDetail(
                new JobKey(key, StoredWebhook.Group), cancellationToken).ConfigureAwait(false);
            return job is null || StoredWebhook.IsHandled(job) ? null : StoredWebhook.DeadLetterOf(job);
        }
        catch (SchedulerException exception) when (exception.GetBaseException() is not DbException)
        {
            return StoredWebhook.UnreadableDeadLetter(key, exception);
        }
    }

    private async Task<bool> ReplayAsync(TriggerHeader dead, CancellationToken cancellationToken)
    {
        string key = dead.JobKey.Name;
        int attempts = await ReadAsync(key, cancellationToken).ConfigureAwait(false) is { } letter
            ? letter.Attempts
            : 0;
        bool isReplayed = await _inbox.RescheduleAsync(
            dead, attempts, startAt: null, repairs: 0, cancellationToken).ConfigureAwait(false);
        if (isReplayed)
        {
            _inbox.Metrics.CountReplayed();
            _logger.Replayed(key);
        }

        return isReplayed;
    }

    private async Task<bool> DeleteAsync(JobKey key, CancellationToken cancellationToken)
    {
        bool isDeleted = await _inbox.Scheduler.DeleteJob(key, cancellationToken).ConfigureAwait(false);
        if (isDeleted)
        {
            _inbox.Metrics.CountDeleted();
            _logger.Deleted(key.Name);
        }

        return isDeleted;
    }

    private async Task<TriggerHeader?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        var triggers = await _inbox.Scheduler.QueryTriggers(
            new TriggerQuery { Job = new JobKey(key, StoredWebhook.Group) }, cancellationToken).ConfigureAwait(false);
        return triggers.Items.FirstOrDefault(trigger => StoredWebhook.IsDead(trigger, _inbox.Scheduler.TimeProvider));
    }
}
