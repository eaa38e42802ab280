using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// The activities and metrics of the endpoints. Tags of metrics take few values: newer types of event are one.
/// </summary>
internal sealed class WebhookTelemetry : IDisposable
{
    private const string SourceName = "OpenAI.Webhooks";
    private const string TypeTag = "openai.webhook.event.type";
    private const string OutcomeTag = "openai.webhook.outcome";
    private const string FailureTag = "openai.webhook.failure";
    private const string OtherType = "_OTHER";

    private readonly ActivitySource _activities = new(SourceName);
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _handlerDuration;

    public WebhookTelemetry(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create(SourceName);
        _deliveries = meter.CreateCounter<long>(
            "openai.webhook.deliveries", "{delivery}", "Requests to the endpoints, by event type and outcome.");
        _handlerDuration = meter.CreateHistogram<double>(
            "openai.webhook.handler.duration", "s", "How long handlers took, by event type.");
    }

    public Activity? StartActivity(WebhookDelivery delivery)
        => _activities.StartActivity("openai.webhook", ActivityKind.Consumer)?
            .SetTag("openai.webhook.id", delivery.WebhookId)
            .SetTag("openai.webhook.event.id", delivery.Event.Id)
            .SetTag(TypeTag, delivery.Event.Type);

    public void Count(WebhookOutcome outcome, WebhookEvent webhookEvent)
        => _deliveries.Add(1, new(OutcomeTag, Name(outcome)), new(TypeTag, LabelOf(webhookEvent)));

    public void Count(WebhookOutcome outcome) => _deliveries.Add(1, new KeyValuePair<string, object?>(OutcomeTag, Name(outcome)));

    public void Count(WebhookOutcome outcome, WebhookVerificationFailure failure)
        => _deliveries.Add(1, new(OutcomeTag, Name(outcome)), new(FailureTag, failure.ToString()));

    public void Time(TimeSpan duration, WebhookEvent webhookEvent)
        => _handlerDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(TypeTag, LabelOf(webhookEvent)));

    public void Dispose() => _activities.Dispose();

    private static string LabelOf(WebhookEvent webhookEvent)
        => webhookEvent is UnknownWebhookEvent ? OtherType : webhookEvent.Type;

    private static string Name(WebhookOutcome outcome) => outcome switch
    {
        WebhookOutcome.Handled => "handled",
        WebhookOutcome.Duplicate => "duplicate",
        WebhookOutcome.Failed => "failed",
        WebhookOutcome.Refused => "refused",
        WebhookOutcome.Unreadable => "unreadable",
        WebhookOutcome.TooLarge => "too_large",
        _ => "aborted",
    };
}
