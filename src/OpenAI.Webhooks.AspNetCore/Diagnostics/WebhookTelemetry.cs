using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// The activities and metrics. Metric tags have few values: all event types newer than this version share one value.
/// </summary>
internal sealed class WebhookTelemetry : IDisposable
{
    private const string SourceName = "OpenAI.Webhooks";
    private const string TypeTag = "openai.webhook.event.type";
    private const string OutcomeTag = "openai.webhook.outcome";
    private const string FailureTag = "openai.webhook.failure";
    private const string ErrorTag = "error.type";
    private const string OtherType = "_OTHER";

    private static readonly HashSet<string> KnownTypes = [.. WebhookEventTypes.Of<WebhookEvent>()];

    private static readonly string? Version = typeof(WebhookTelemetry).Assembly.GetName().Version?.ToString(3);

    private readonly ActivitySource _activities = new(SourceName, Version);
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _handlerDuration;
    private readonly Histogram<double> _arrivalAge;
    private readonly Histogram<double> _handledAge;
    private readonly TimeProvider _timeProvider;

    public WebhookTelemetry(IMeterFactory meterFactory, TimeProvider? timeProvider = null)
    {
        _timeProvider = timeProvider ?? TimeProvider.System;
        var meter = meterFactory.Create(new MeterOptions(SourceName) { Version = Version });
        _deliveries = meter.CreateCounter<long>(
            "openai.webhook.deliveries", "{delivery}", "Deliveries, by event type and outcome.");
        _handlerDuration = CreateSeconds(
            meter, "openai.webhook.handler.duration", "How long handlers took, by event type and outcome.", [
                0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]);
        double[] ages = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 28800, 86400, 259200];
        _arrivalAge = CreateSeconds(
            meter,
            "openai.webhook.arrival.age",
            "How old events were when their delivery arrived, by event type.",
            ages);
        _handledAge = CreateSeconds(
            meter, "openai.webhook.handled.age", "How old events were when they were handled, by event type.", ages);
    }

    /// <summary>Starts the activity of handling a delivery.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="parent">The activity that stored the delivery; default to use the current activity.</param>
    public Activity? StartHandling(WebhookDelivery delivery, ActivityContext parent)
        => Start(
            "openai.webhook",
            ActivityKind.Consumer,
            parent,
            delivery.WebhookId,
            delivery.Event.Type,
            delivery.Event.Id);

    /// <summary>Starts the activity of storing a delivery in an inbox.</summary>
    public Activity? StartStoring(WebhookMessage message)
        => Start(
            "openai.webhook.store",
            ActivityKind.Producer,
            default,
            message.WebhookId,
            message.EventType,
            message.EventId);

    /// <summary>Marks an activity as failed, and adds the exception to it with its message and stack.</summary>
    public static void Fail(Activity? activity, Exception exception)
    {
        if (activity is null)
        {
            return;
        }

        string type = exception.GetType().FullName!;
        activity.SetStatus(ActivityStatusCode.Error, type);
        activity.SetTag(ErrorTag, type);
#if NET9_0_OR_GREATER
        activity.AddException(exception);
#else
        activity.AddEvent(new ActivityEvent("exception", tags: new ActivityTagsCollection
        {
            ["exception.type"] = type,
            ["exception.message"] = exception.Message,
            ["exception.stacktrace"] = exception.ToString(),
        }));
#endif
    }

    /// <summary>Counts the outcome of a delivery.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="webhookEvent">Its event; null if it could not be read.</param>
    /// <param name="activity">The activity to tag as well; null for none.</param>
    public void Count(WebhookOutcome outcome, WebhookEvent? webhookEvent = null, Activity? activity = null)
    {
        activity?.SetTag(OutcomeTag, Name(outcome));
        if (webhookEvent is null)
        {
            _deliveries.Add(1, new KeyValuePair<string, object?>(OutcomeTag, Name(outcome)));
        }
        else
        {
            _deliveries.Add(1, new(OutcomeTag, Name(outcome)), new(TypeTag, LabelOf(webhookEvent)));
        }
    }

    public void CountRefused(string failure)
        => _deliveries.Add(1, new(OutcomeTag, Name(WebhookOutcome.Refused)), new(FailureTag, failure));

    /// <summary>Counts a dead letter.</summary>
    /// <param name="eventType">The type of its event; null if it could not be read.</param>
    public void CountDead(string? eventType)
    {
        if (eventType is null)
        {
            Count(WebhookOutcome.Dead);
        }
        else
        {
            _deliveries.Add(
                1,
                new(OutcomeTag, Name(WebhookOutcome.Dead)),
                new(TypeTag, KnownTypes.Contains(eventType) ? eventType : OtherType));
        }
    }

    /// <summary>Counts a run of the handlers, with its duration and, if it succeeded, the age of the event.</summary>
    public void CountHandling(TimeSpan duration, WebhookOutcome outcome, WebhookEvent webhookEvent, Activity? activity)
    {
        Count(outcome, webhookEvent, activity);
        _handlerDuration.Record(
            duration.TotalSeconds, new(OutcomeTag, Name(outcome)), new(TypeTag, LabelOf(webhookEvent)));
        if (outcome == WebhookOutcome.Handled)
        {
            RecordAge(_handledAge, webhookEvent);
        }
    }

    public void RecordArrival(WebhookEvent webhookEvent) => RecordAge(_arrivalAge, webhookEvent);

    public void Dispose() => _activities.Dispose();

    public static string Name(WebhookVerificationFailure failure) => failure switch
    {
        WebhookVerificationFailure.MissingId => "missing_id",
        WebhookVerificationFailure.MissingTimestamp => "missing_timestamp",
        WebhookVerificationFailure.MissingSignature => "missing_signature",
        WebhookVerificationFailure.RepeatedId => "repeated_id",
        WebhookVerificationFailure.RepeatedTimestamp => "repeated_timestamp",
        WebhookVerificationFailure.InvalidTimestamp => "invalid_timestamp",
        WebhookVerificationFailure.TimestampTooOld => "timestamp_too_old",
        WebhookVerificationFailure.TimestampTooNew => "timestamp_too_new",
        _ => "signature_mismatch",
    };

    private static Histogram<double> CreateSeconds(Meter meter, string name, string description, double[] boundaries)
#if NET9_0_OR_GREATER
        => meter.CreateHistogram<double>(
            name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
#else
        => meter.CreateHistogram<double>(name, "s", description);
#endif

    private Activity? Start(
        string name, ActivityKind kind, ActivityContext parent, string webhookId, string? eventType, string? eventId)
    {
        var activity = _activities.StartActivity(name, kind, parent)?.SetTag("openai.webhook.id", webhookId);
        if (eventId is not null)
        {
            activity?.SetTag("openai.webhook.event.id", eventId);
        }

        if (eventType is not null)
        {
            activity?.SetTag(TypeTag, eventType);
        }

        return activity;
    }

    // If this clock is behind OpenAI's, the age would be negative.
    private void RecordAge(Histogram<double> histogram, WebhookEvent webhookEvent)
    {
        if (histogram.Enabled)
        {
            histogram.Record(
                Math.Max(0, (_timeProvider.GetUtcNow() - webhookEvent.CreatedAt).TotalSeconds),
                new KeyValuePair<string,
                object?>(TypeTag, LabelOf(webhookEvent)));
        }
    }

    private static string LabelOf(WebhookEvent webhookEvent)
        => webhookEvent is UnknownWebhookEvent ? OtherType : webhookEvent.Type;

    private static string Name(WebhookOutcome outcome) => outcome switch
    {
        WebhookOutcome.Handled => "handled",
        WebhookOutcome.Ignored => "ignored",
        WebhookOutcome.Duplicate => "duplicate",
        WebhookOutcome.Stored => "stored",
        WebhookOutcome.Failed => "failed",
        WebhookOutcome.GivenUp => "given_up",
        WebhookOutcome.Dead => "dead",
        WebhookOutcome.Refused => "refused",
        WebhookOutcome.Unreadable => "unreadable",
        WebhookOutcome.TooLarge => "too_large",
        _ => "aborted",
    };
}
