using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// What an inbox holds, as its maintenance last read it, and what operators did. Collecting reads no database.
/// </summary>
internal sealed class InboxMetrics
{
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _deleted;
    private readonly KeyValuePair<string, object?> _tag;

    public InboxMetrics(IMeterFactory meters, string inbox, Func<InboxCounts?> counts)
    {
        string? version = typeof(InboxMetrics).Assembly.GetName().Version?.ToString(3);
        var meter = meters.Create(new MeterOptions("OpenAI.Webhooks") { Version = version });
        _tag = new("openai.webhook.inbox", inbox);
        meter.CreateObservableGauge(
            "openai.webhook.inbox.waiting",
            () => Measure(counts => counts.Waiting),
            "{delivery}",
            "Stored deliveries that are not handled yet.");
        meter.CreateObservableGauge(
            "openai.webhook.inbox.dead", () => Measure(counts => counts.Dead), "{delivery}", "Dead letters.");
        meter.CreateObservableGauge(
            "openai.webhook.inbox.oldest",
            () => Measure(counts => counts.OldestDue.TotalSeconds),
            "s",
            "How long the longest-waiting delivery has been due.");
        _replayed = meter.CreateCounter<long>(
            "openai.webhook.inbox.replayed", "{delivery}", "Dead letters that were replayed.");
        _deleted = meter.CreateCounter<long>(
            "openai.webhook.inbox.deleted", "{delivery}", "Dead letters that were deleted.");

        IEnumerable<Measurement<T>> Measure<T>(Func<InboxCounts, T> select)
            where T : struct
            => counts() is { } read ? [new Measurement<T>(select(read), _tag)] : [];
    }

    public void CountReplayed() => _replayed.Add(1, _tag);

    public void CountDeleted() => _deleted.Add(1, _tag);
}
