using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// Checks whether the inbox can store deliveries, whether there are dead letters, and whether a delivery waits too
/// long.
/// </summary>
internal sealed class InboxHealthCheck(QuartzInbox inbox, QuartzInboxHealthOptions options) : IHealthCheck
{
    // The caller waits five seconds at most, even if the databases of two inboxes hang.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    // The size of a large delivery: a full disk may still have room for a small row.
    private const int ProbeSize = 32 * 1024;

    [SuppressMessage("Design", "CA1031", Justification = "If the database throws any exception, the inbox cannot store "
        + "deliveries.")]
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        InboxCounts counts;
        try
        {
            counts = await Task.Run(() => CheckAsync(inbox), CancellationToken.None)
                .WaitAsync(Timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The database of the inbox did not answer within "
                + $"{Timeout.TotalSeconds} seconds. Deliveries get the response 503.");
        }
        catch (IOException exception)
        {
            return HealthCheckResult.Unhealthy($"{exception.Message} Deliveries get the response 503.", exception);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(
                "The inbox cannot store deliveries. They get the response 503.", exception);
        }

        var data = new Dictionary<string, object>
        {
            ["waiting"] = counts.Waiting,
            ["dead"] = counts.Dead,
            ["oldest_due_seconds"] = Math.Round(counts.OldestDue.TotalSeconds),
        };
        var problems = new List<string>();
        if (counts.Dead > options.MaxDeadLetters)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"Dead letters: {counts.Dead}. Use "
                + $"{nameof(WebhookDeadLetters)} to see why they failed and to replay them."));
        }

        if (counts.OldestDue > options.MaxWait)
        {
            string seconds = counts.OldestDue.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
            problems.Add($"A delivery has been due for {seconds} seconds. Check that a process with handlers is "
                + "running, and that the handlers are not slow.");
        }

        return problems.Count == 0
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Degraded(string.Join(" ", problems), data: data);
    }

    // Insert a new row: on a full disk, reads and updates can still succeed.
    private static async Task<InboxCounts> CheckAsync(QuartzInbox inbox)
    {
        inbox.RequireStore();
        var scheduler = inbox.Scheduler;
        var probe = JobBuilder.Create<HandleWebhookJob>()
            .WithIdentity(Guid.NewGuid().ToString("N"), StoredWebhook.ProbeGroup)
            .UsingJobData("probe", new string('-', ProbeSize))
            .StoreDurably()
            .Build();
        await scheduler.AddJob(probe, default, CancellationToken.None).ConfigureAwait(false);
        await scheduler.DeleteJob(probe.Key, CancellationToken.None).ConfigureAwait(false);
        return await inbox.Database.ReadCountsAsync(scheduler.TimeProvider.GetUtcNow(), CancellationToken.None)
            .ConfigureAwait(false);
    }
}
