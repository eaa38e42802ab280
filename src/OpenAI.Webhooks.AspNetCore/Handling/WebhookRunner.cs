using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Runs the handlers of a delivery, with the same log, activity and metrics inside and outside of a request.</summary>
internal sealed class WebhookRunner(WebhookTelemetry telemetry, IgnoredTypes ignoredTypes, ILogger<WebhookRunner> logger)
{
    private readonly ConcurrentDictionary<WebhookDelivery, bool> _running = new();

    /// <summary>The deliveries that are being handled.</summary>
    public IEnumerable<WebhookDelivery> Running => _running.Keys;

    /// <summary>Runs handlers in a new activity and log scope, and counts the outcome.</summary>
    /// <remarks>Logs and rethrows exceptions from handlers.</remarks>
    public async Task RunAsync(
        Func<CancellationToken, Task<bool>> handle, WebhookDelivery delivery, ActivityContext parent, CancellationToken cancellationToken)
    {
        using var activity = telemetry.StartHandling(delivery, parent);
        using var scope = logger.BeginDelivery(delivery.WebhookId, delivery.Event.Type);
        long started = Stopwatch.GetTimestamp();
        var outcome = WebhookOutcome.Failed;
        _running.TryAdd(delivery, true);
        try
        {
            if (await handle(cancellationToken).ConfigureAwait(false))
            {
                outcome = WebhookOutcome.Handled;
                logger.Handled(delivery.WebhookId, delivery.Event.Type);
            }
            else
            {
                outcome = WebhookOutcome.Ignored;
                ignoredTypes.Log(delivery);
            }
        }
        catch (PermanentWebhookFailureException exception)
        {
            outcome = WebhookOutcome.GivenUp;
            logger.GivenUp(exception, delivery.WebhookId, delivery.Event.Type);
            WebhookTelemetry.Fail(activity, exception);
            throw;
        }
        catch (Exception exception)
        {
            logger.HandlerFailed(exception, delivery.WebhookId, delivery.Event.Type);
            WebhookTelemetry.Fail(activity, exception);
            throw;
        }
        finally
        {
            _running.TryRemove(delivery, out _);
            telemetry.CountHandling(Stopwatch.GetElapsedTime(started), outcome, delivery.Event, activity);
        }
    }
}
