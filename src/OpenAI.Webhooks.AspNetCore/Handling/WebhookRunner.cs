using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Runs the handlers of a delivery, with the same log, activity and metrics inside and outside of a request.
/// </summary>
internal sealed class WebhookRunner(
    WebhookTelemetry telemetry, IgnoredTypes ignoredTypes, ILogger<WebhookRunner> logger)
{
    private readonly ConcurrentDictionary<WebhookDelivery, bool> _running = new();
    private readonly SafeLogger _logger = new(logger);

    /// <summary>The deliveries that are being handled.</summary>
    public IEnumerable<WebhookDelivery> Running => _running.Keys;

    /// <summary>Runs a handler in a new activity and log scope, and counts the outcome.</summary>
    /// <param name="handler">The handler. Its exceptions are logged and rethrown.</param>
    /// <param name="services">Creates the services of the delivery's scope, if the handler needs any.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="parent">The activity that stored the delivery; default to use the current activity.</param>
    /// <param name="next">Says what happens after a failure, for the log.</param>
    /// <param name="cancellationToken">The token for the handler.</param>
    public async Task RunAsync(
        WebhookHandler handler,
        Func<IServiceProvider> services,
        WebhookDelivery delivery,
        ActivityContext parent,
        Func<Exception, string> next,
        CancellationToken cancellationToken)
    {
        using var activity = telemetry.StartHandling(delivery, parent);
        using var scope = _logger.BeginDelivery(delivery.WebhookId, delivery.Event.Type);
        long started = Stopwatch.GetTimestamp();
        var outcome = WebhookOutcome.Failed;
        _running.TryAdd(delivery, true);
        try
        {
            if (await handler(services, delivery, cancellationToken).ConfigureAwait(false))
            {
                outcome = WebhookOutcome.Handled;
                _logger.Handled(delivery.WebhookId, delivery.Event.Type);
            }
            else
            {
                outcome = WebhookOutcome.Ignored;
                ignoredTypes.Log(delivery);
            }
        }
        catch (Exception exception) when (PermanentWebhookFailureException.IsIn(exception))
        {
            outcome = WebhookOutcome.GivenUp;
            _logger.GivenUp(exception, delivery.WebhookId, delivery.Event.Type);
            WebhookTelemetry.Fail(activity, exception);
            throw;
        }
        catch (Exception exception)
        {
            _logger.HandlerFailed(exception, delivery.WebhookId, delivery.Event.Type, next(exception));
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
