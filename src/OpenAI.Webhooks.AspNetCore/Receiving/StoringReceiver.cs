using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Stores each delivery in an inbox, including deliveries whose event cannot be read. They can be inspected in the
/// inbox, whereas OpenAI stops retrying after 72 hours.
/// </summary>
internal sealed class StoringReceiver(
    WebhookRegistration registration,
    MappedEndpoints mapped,
    Func<IServiceProvider, IWebhookInbox> inbox,
    ShutdownDeadline deadline,
    WebhookTelemetry telemetry,
    TimeProvider timeProvider,
    ILogger logger) : WebhookReceiver(deadline)
{
    // OpenAI waits only seconds, and requests would pile up behind a store that hangs.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    public override Task<int> ReceiveAsync(HttpContext context, string path, WebhookDelivery delivery)
        => StoreAsync(
            context,
            path,
            delivery.Event,
            new WebhookMessage(delivery.WebhookId, delivery.Timestamp, delivery.GetPayload())
            {
                EventType = delivery.Event.Type,
                EventId = delivery.Event.Id,
            });

    public override Task<int> ReceiveUnreadableAsync(
        HttpContext context, string path, UnreadableWebhookException exception)
        => StoreAsync(
            context,
            path,
            webhookEvent: null,
            new WebhookMessage(exception.WebhookId, exception.Timestamp, exception.GetPayload()));

    [SuppressMessage("Design", "CA1031", Justification = "If an inbox throws any exception, OpenAI must retry the "
        + "delivery.")]
    private async Task<int> StoreAsync(
        HttpContext context, string path, WebhookEvent? webhookEvent, WebhookMessage message)
    {
        using var activity = telemetry.StartStoring(message);
        using var scope = logger.BeginDelivery(message.WebhookId, message.EventType ?? "unreadable");
        var current = Activity.Current is { IdFormat: ActivityIdFormat.W3C } traced ? traced : null;
        message = message.With(
            registration.Name, IsOneOfSeveral(context) ? path : "", current?.Id, current?.TraceStateString);
        string name = nameof(IWebhookInbox);
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, timeProvider);
            using var source = CreateTokenSource(context);
            using var registration =
                timeout.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), source);
            var target = inbox(context.RequestServices);
            name = target.GetType().Name;

            // Some stores ignore the token.
            await target.StoreAsync(message, source.Token).WaitAsync(source.Token).ConfigureAwait(false);
            logger.Stored(message.WebhookId);
            telemetry.Count(WebhookOutcome.Stored, webhookEvent, activity);
            return StatusCodes.Status200OK;
        }
        catch (Exception exception)
        {
            logger.NotStored(exception, message.WebhookId, name, Timeout.Seconds);
            WebhookTelemetry.Fail(activity, exception);
            telemetry.Count(WebhookOutcome.Failed, webhookEvent, activity);
            return StatusCodes.Status503ServiceUnavailable;
        }
    }

    // With several paths, the same webhook id at another path is a different delivery.
    private bool IsOneOfSeveral(HttpContext context)
        => mapped.Of(registration).Count > 1
        || context.GetEndpoint() is RouteEndpoint { RoutePattern.Parameters.Count: > 0 };
}
