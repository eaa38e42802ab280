namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// The time of the database, which all machines of a cluster share: its time when it was last measured, and the time
/// that has passed on this machine since. Their own clocks may differ, or be set while deliveries are handled. Until it
/// is measured, it is this machine's clock. Safe to share between threads.
/// </summary>
internal sealed class DatabaseClock(TimeProvider machine) : TimeProvider
{
    private volatile Mark? _mark;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    /// <summary>How far this machine's clock is ahead of the database's.</summary>
    public TimeSpan MachineIsAheadBy => machine.GetUtcNow() - GetUtcNow();

    public override DateTimeOffset GetUtcNow()
        => _mark is { } mark ? mark.Time + machine.GetElapsedTime(mark.Timestamp) : machine.GetUtcNow();

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => machine.CreateTimer(callback, state, dueTime, period);

    /// <summary>Measures the database's time.</summary>
    /// <param name="readTime">
    /// Reads it; null for a database whose time is not known, which is this machine's then.
    /// </param>
    public async Task MeasureAsync(Func<Task<DateTimeOffset?>> readTime)
    {
        long asked = machine.GetTimestamp();
        var time = await readTime().ConfigureAwait(false) ?? machine.GetUtcNow();
        _mark = new(time, asked + ((machine.GetTimestamp() - asked) / 2));
    }

    private sealed record Mark(DateTimeOffset Time, long Timestamp);
}
