using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Handles each delivery within its request. With deduplication, handles it only once.</summary>
internal sealed class HandlingReceiver(
    WebhookHandler handler,
    HandledIds? handledIds,
    ShutdownDeadline deadline,
    WebhookRunner runner,
    WebhookTelemetry telemetry,
    ILogger logger) : WebhookReceiver(deadline)
{
    public override async Task<int> ReceiveAsync(HttpContext context, string path, WebhookDelivery delivery)
    {
        bool? isHandled = handledIds is null
            ? null
            : await handledIds.ContainsAsync(path, delivery.WebhookId).ConfigureAwait(false);
        if (isHandled == true)
        {
            logger.Duplicate(delivery.WebhookId, delivery.Event.Type);
            telemetry.Count(WebhookOutcome.Duplicate, delivery.Event);
            return StatusCodes.Status200OK;
        }

        if (!await TryRunAsync(context, delivery).ConfigureAwait(false))
        {
            return StatusCodes.Status500InternalServerError;
        }

        if (isHandled == false)
        {
            await handledIds!.AddAsync(path, delivery.WebhookId).ConfigureAwait(false);
        }
        else if (handledIds is not null)
        {
            // The read has taken the time that a response may wait for a cache. On another thread, because some caches
            // block.
            _ = Task.Run(() => handledIds.AddAsync(path, delivery.WebhookId).AsTask(), CancellationToken.None);
        }

        return StatusCodes.Status200OK;
    }

    public override Task<int> ReceiveUnreadableAsync(
        HttpContext context, string path, UnreadableWebhookException exception)
    {
        telemetry.Count(WebhookOutcome.Unreadable);
        return Task.FromResult(StatusCodes.Status400BadRequest);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The handler's exception has been logged. OpenAI must retry "
        + "the delivery.")]
    private async Task<bool> TryRunAsync(HttpContext context, WebhookDelivery delivery)
    {
        try
        {
            using var source = CreateTokenSource(context);
            await runner.RunAsync(
                handler,
                () => context.RequestServices,
                delivery,
                parent: default,
                static _ => "OpenAI retries the delivery for up to 72 hours.",
                source.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (PermanentWebhookFailureException.IsIn(exception))
        {
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
