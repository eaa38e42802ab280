using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Runs what handles a delivery, and tells of it: the same within a request and without one.</summary>
internal sealed class WebhookRunner(WebhookTelemetry telemetry, ILogger<WebhookRunner> logger)
{
    /// <summary>Runs a handler in an activity of its own, and counts what came of it.</summary>
    /// <remarks>Throws what the handler throws.</remarks>
    public async Task<WebhookOutcome> RunAsync(
        WebhookHandler handler, Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        using var activity = telemetry.StartActivity(delivery);
        long started = Stopwatch.GetTimestamp();
        var outcome = WebhookOutcome.Failed;
        try
        {
            outcome = await handler(services, delivery, cancellationToken).ConfigureAwait(false) ? WebhookOutcome.Handled : WebhookOutcome.Ignored;
            logger.Ran(delivery.WebhookId, delivery.Event.Type, outcome);
            return outcome;
        }
        catch (Exception exception)
        {
            logger.HandlerFailed(exception, delivery.WebhookId, delivery.Event.Type);
            WebhookTelemetry.Fail(activity, exception);
            throw;
        }
        finally
        {
            telemetry.Time(Stopwatch.GetElapsedTime(started), outcome, delivery.Event);
            telemetry.Count(outcome, delivery.Event, activity);
        }
    }
}
