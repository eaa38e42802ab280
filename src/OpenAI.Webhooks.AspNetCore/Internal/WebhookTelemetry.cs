using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// The activities and metrics. Tags of metrics take few values: all newer types of event are one.
/// </summary>
internal sealed class WebhookTelemetry : IDisposable
{
    private const string SourceName = "OpenAI.Webhooks";
    private const string TypeTag = "openai.webhook.event.type";
    private const string OutcomeTag = "openai.webhook.outcome";
    private const string FailureTag = "openai.webhook.failure";
    private const string ErrorTag = "error.type";
    private const string OtherType = "_OTHER";

    private readonly ActivitySource _activities = new(SourceName);
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _handlerDuration;

    public WebhookTelemetry(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create(SourceName);
        _deliveries = meter.CreateCounter<long>(
            "openai.webhook.deliveries", "{delivery}", "Deliveries, by event type and outcome.");
        const string DurationName = "openai.webhook.handler.duration";
        const string DurationText = "How long handlers took, by event type and outcome.";
#if NET9_0_OR_GREATER
        _handlerDuration = meter.CreateHistogram<double>(DurationName, "s", DurationText, advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
        });
#else
        _handlerDuration = meter.CreateHistogram<double>(DurationName, "s", DurationText);
#endif
    }

    public Activity? StartActivity(WebhookDelivery delivery)
        => _activities.StartActivity("openai.webhook", ActivityKind.Consumer)?
            .SetTag("openai.webhook.id", delivery.WebhookId)
            .SetTag("openai.webhook.event.id", delivery.Event.Id)
            .SetTag(TypeTag, delivery.Event.Type);

    /// <summary>Marks an activity as failed. What the exception says is in the log.</summary>
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

    public void Count(WebhookOutcome outcome, WebhookEvent webhookEvent, Activity? activity = null)
    {
        activity?.SetTag(OutcomeTag, Name(outcome));
        _deliveries.Add(1, new(OutcomeTag, Name(outcome)), new(TypeTag, LabelOf(webhookEvent)));
    }

    public void Count(WebhookOutcome outcome) => _deliveries.Add(1, new KeyValuePair<string, object?>(OutcomeTag, Name(outcome)));

    public void CountRefused(string failure)
        => _deliveries.Add(1, new(OutcomeTag, Name(WebhookOutcome.Refused)), new(FailureTag, failure));

    public void Time(TimeSpan duration, WebhookOutcome outcome, WebhookEvent webhookEvent)
        => _handlerDuration.Record(duration.TotalSeconds, new(OutcomeTag, Name(outcome)), new(TypeTag, LabelOf(webhookEvent)));

    public void Dispose() => _activities.Dispose();

    public static string Name(WebhookVerificationFailure failure) => failure switch
    {
        WebhookVerificationFailure.MissingId => "missing_id",
        WebhookVerificationFailure.MissingTimestamp => "missing_timestamp",
        WebhookVerificationFailure.MissingSignature => "missing_signature",
        WebhookVerificationFailure.RepeatedId => "repeated_id",
        WebhookVerificationFailure.RepeatedTimestamp => "repeated_timestamp",
        WebhookVerificationFailure.RepeatedSignature => "repeated_signature",
        WebhookVerificationFailure.InvalidTimestamp => "invalid_timestamp",
        WebhookVerificationFailure.TimestampTooOld => "timestamp_too_old",
        WebhookVerificationFailure.TimestampTooNew => "timestamp_too_new",
        _ => "signature_mismatch",
    };

    private static string LabelOf(WebhookEvent webhookEvent)
        => webhookEvent is UnknownWebhookEvent ? OtherType : webhookEvent.Type;

    private static string Name(WebhookOutcome outcome) => outcome switch
    {
        WebhookOutcome.Handled => "handled",
        WebhookOutcome.Ignored => "ignored",
        WebhookOutcome.Duplicate => "duplicate",
        WebhookOutcome.Stored => "stored",
        WebhookOutcome.Failed => "failed",
        WebhookOutcome.Refused => "refused",
        WebhookOutcome.Unreadable => "unreadable",
        WebhookOutcome.TooLarge => "too_large",
        _ => "aborted",
    };
}
