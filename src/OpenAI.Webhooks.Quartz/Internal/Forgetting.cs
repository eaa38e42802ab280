using System.Diagnostics;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Removes expired deliveries, a few at a time. A removal holds SQLite's only write lock, so it is short, and then
/// leaves the database to others for as long as it took.
/// </summary>
internal sealed class Forgetting(InboxDatabase database, IScheduler scheduler, TimeSpan retention)
{
    private const int MaxCount = 200;

    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(30);

    private int _count = 10;

    /// <summary>Removes all that has expired. What waits or is dead is kept for another period.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = scheduler.TimeProvider.GetUtcNow();
            var expired = await database.ReadExpiredAsync(now, _count, cancellationToken).ConfigureAwait(false);
            if (expired.Count == 0)
            {
                return;
            }

            long started = Stopwatch.GetTimestamp();
            JobKey[] handled = [.. expired.Where(delivery => delivery.IsHandled).Select(delivery => Job(delivery.Key))];
            await scheduler.DeleteJobs(handled, cancellationToken).ConfigureAwait(false);
            var elapsed = Stopwatch.GetElapsedTime(started);
            foreach (var (key, _) in expired.Where(delivery => !delivery.IsHandled))
            {
                var trigger = new TriggerKey(key, StoredWebhook.ForgetGroup);
                var later =
                    StoredWebhook.ForgetTriggerFor(scheduler.TimeProvider, trigger, Job(key), retention).Build();
                await scheduler.RescheduleJob(trigger, later, cancellationToken).ConfigureAwait(false);
            }

            if (handled.Length == _count)
            {
                _count = Math.Clamp(
                    (int)(_count * (Hold / elapsed)), Math.Max(1, _count / 2), Math.Min(MaxCount, _count + 10));
            }

            await Task.Delay(Stopwatch.GetElapsedTime(started), cancellationToken).ConfigureAwait(false);
        }
    }

    private static JobKey Job(string key) => new(key, StoredWebhook.Group);
}
