namespace OpenAI.Webhooks.Quartz;

/// <summary>Options for a Quartz inbox. They are read once, when the inbox is registered.</summary>
public sealed class QuartzInboxOptions
{
    /// <summary>
    /// The delays between attempts to handle a delivery, in order. The default is 10 seconds, 1, 5 and 30 minutes, 2,
    /// 6, 12 and 24 hours. There is one more attempt than there are delays. If the last attempt fails, the delivery
    /// becomes a dead letter. Each delay must be positive and at most a year.
    /// </summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; set; } =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromHours(24),
    ];

    /// <summary>
    /// How many deliveries this process handles at once, apart from urgent ones; 10 by default, from 1 to 1,000.
    /// </summary>
    public int MaxConcurrency { get; set; } = 10;

    /// <summary>
    /// The event types whose deliveries do not wait behind others: up to four of them are handled in addition to
    /// <see cref="MaxConcurrency"/> others. By default, incoming calls: <c>realtime.call.incoming</c>,
    /// <c>live.call.incoming</c> and <c>live.transport.incoming</c>.
    /// </summary>
    public ISet<string> UrgentTypes { get; set; } = new HashSet<string>(StringComparer.Ordinal)
    {
        WebhookEventTypes.RealtimeCallIncoming,
        WebhookEventTypes.LiveCallIncoming,
        WebhookEventTypes.LiveTransportIncoming,
    };

    /// <summary>
    /// How long a delivery's id is kept after it was stored, so that copies are recognized. The default is 4 days,
    /// because OpenAI retries for 3 days. Must be positive and at most a year. The payload is removed as soon as the
    /// delivery is handled. If a delivery is not handled when the period ends, it is kept for another period.
    /// </summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(4);

    internal void Validate()
    {
        Require(
            RetryDelays is not null
                && RetryDelays.All(delay => delay > TimeSpan.Zero && delay <= TimeSpan.FromDays(366)),
            nameof(RetryDelays),
            "each delay must be positive and at most a year");
        Require(MaxConcurrency is > 0 and <= 1000, nameof(MaxConcurrency), "it must be from 1 to 1,000");
        Require(UrgentTypes is not null, nameof(UrgentTypes), "it must not be null");
        Require(
            Retention > TimeSpan.Zero && Retention <= TimeSpan.FromDays(366),
            nameof(Retention),
            "it must be positive and at most a year");
        RetryDelays = [.. RetryDelays!];
        UrgentTypes = new HashSet<string>(UrgentTypes!, StringComparer.Ordinal);

        static void Require(bool isValid, string name, string rule)
        {
            if (!isValid)
            {
                throw new ArgumentException($"{nameof(QuartzInboxOptions)}.{name} is invalid: {rule}.");
            }
        }
    }
}
