namespace OpenAI.Webhooks.Quartz;

/// <summary>Options for a Quartz inbox. They are read once, when the inbox is registered.</summary>
public sealed class QuartzInboxOptions
{
    /// <summary>
    /// The waits between the attempts to handle a delivery, in order: 10 seconds, 1, 5 and 30 minutes, 2, 6, 12 and 24 hours
    /// by default. There is one attempt more than there are waits. Then the delivery is a dead letter. Each wait must be
    /// positive and at most a year.
    /// </summary>
    public IList<TimeSpan> RetryDelays { get; set; } =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromHours(24),
    ];

    /// <summary>
    /// How many deliveries this process handles at once, apart from urgent ones; 10 by default, from 1 to 1,000.
    /// </summary>
    public int MaxConcurrency { get; set; } = 10;

    /// <summary>
    /// The event types whose deliveries do not wait behind others: up to four of them are handled beside
    /// <see cref="MaxConcurrency"/> others. By default, incoming calls: <c>realtime.call.incoming</c>,
    /// <c>live.call.incoming</c> and <c>live.transport.incoming</c>.
    /// </summary>
    public ISet<string> UrgentTypes { get; set; } = new HashSet<string>(StringComparer.Ordinal)
    {
        WebhookEventTypes.RealtimeCallIncoming, WebhookEventTypes.LiveCallIncoming, WebhookEventTypes.LiveTransportIncoming,
    };

    /// <summary>
    /// How long the id of a delivery is kept after it was stored, so that a copy is recognized; 4 days by default, because
    /// OpenAI retries for 3. Must be positive and at most a year. The payload is removed as soon as the delivery is handled. A
    /// delivery that is not handled by then is kept for another period.
    /// </summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(4);

    /// <summary>
    /// Whether this process only stores deliveries, for another process with the same database to handle; false by default.
    /// The same as <c>ReceiveOnly()</c> of the builder.
    /// </summary>
    public bool ReceiveOnly { get; set; }

    internal void Validate()
    {
        Require(RetryDelays is not null && RetryDelays.All(delay => delay > TimeSpan.Zero && delay <= TimeSpan.FromDays(366)), nameof(RetryDelays), "each delay must be positive and at most a year");
        Require(MaxConcurrency is > 0 and <= 1000, nameof(MaxConcurrency), "it must be from 1 to 1,000");
        Require(UrgentTypes is not null, nameof(UrgentTypes), "it must not be null");
        Require(Retention > TimeSpan.Zero && Retention <= TimeSpan.FromDays(366), nameof(Retention), "it must be positive and at most a year");
        RetryDelays = [.. RetryDelays!];
        UrgentTypes = new HashSet<string>(UrgentTypes!, StringComparer.Ordinal);

        static void Require(bool isValid, string name, string rule)
        {
            if (!isValid)
            {
                throw new ArgumentException($"{nameof(QuartzInboxOptions)}.{name} cannot be used: {rule}.");
            }
        }
    }
}
