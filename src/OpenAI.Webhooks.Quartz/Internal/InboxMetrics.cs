using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;

namespace OpenAI.Webhooks.Quartz;

/// <summary>Gauges of what an inbox holds. They are read from the database when they are collected.</summary>
internal sealed class InboxMetrics(QuartzInbox inbox, IMeterFactory meters) : IHostedService
{
    // Collectors wait for their gauges, so if the database does not answer in time, there is no measurement.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private InboxCounts? _counts;
    private long? _readAt;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        string? version = typeof(InboxMetrics).Assembly.GetName().Version?.ToString(3);
        var meter = meters.Create(new MeterOptions("OpenAI.Webhooks") { Version = version });
        var tag = new KeyValuePair<string, object?>("openai.webhook.inbox", inbox.Name.Scheduler);
        meter.CreateObservableGauge("openai.webhook.inbox.waiting", () => Measure(counts => counts.Waiting), "{delivery}", "Stored deliveries that are not handled yet.");
        meter.CreateObservableGauge("openai.webhook.inbox.dead", () => Measure(counts => counts.Dead), "{delivery}", "Dead letters.");
        meter.CreateObservableGauge("openai.webhook.inbox.oldest", () => Measure(counts => counts.OldestDue.TotalSeconds), "s", "How long the longest-waiting delivery has been due.");
        return Task.CompletedTask;

        IEnumerable<Measurement<T>> Measure<T>(Func<InboxCounts, T> select)
            where T : struct
            => Read() is { } counts ? [new Measurement<T>(select(counts), tag)] : [];
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [SuppressMessage("Design", "CA1031", Justification = "If the database is down, there is nothing to measure. The health check and the log report the reason.")]
    private InboxCounts? Read()
    {
        lock (_gate)
        {
            if (_readAt is { } readAt && Stopwatch.GetElapsedTime(readAt) < Freshness)
            {
                return _counts;
            }

            try
            {
                using var timeout = new CancellationTokenSource(Timeout);
                _counts = Task.Run(() => InboxCounts.ReadAsync(inbox.Scheduler, timeout.Token), CancellationToken.None)
                    .WaitAsync(Timeout).GetAwaiter().GetResult();
            }
            catch (Exception)
            {
                _counts = null;
            }

            // Failures are cached too, so that three gauges do not each wait for a database that is down.
            _readAt = Stopwatch.GetTimestamp();

            return _counts;
        }
    }
}
