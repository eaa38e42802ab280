using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Responds to requests: unwraps each request, passes a delivery to the receiver once, and logs rejected requests.
/// </summary>
internal sealed class WebhookEndpoint(
    WebhookRegistration registration,
    WebhookReceiver receiver,
    CurrentVerifiers verifiers,
    RequestRecorder recorder,
    WebhookTelemetry telemetry,
    ILogger logger,
    TimeProvider timeProvider)
{
    // Read by openai-webhooks doctor.
    private const string RejectedHeader = "webhook-rejected";

    private readonly LogLimit _refusalLog = new(timeProvider, lines: 10, TimeSpan.FromMinutes(1));
    private readonly DeliveriesInProgress _inProgress = new();

    public async Task HandleAsync(HttpContext context)
    {
        int status = await RespondAsync(context, context.RequestAborted).ConfigureAwait(false);
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
        }
        else if (status != StatusCodes.Status200OK)
        {
            // A handler started the response and then failed. Aborting the request is the only remaining way to signal
            // that.
            context.Abort();
        }
    }

    /// <summary>Does all that an endpoint does, except setting the status.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cancellationToken">Stops reading the body, and waiting for an earlier copy.</param>
    /// <returns>The status to respond with.</returns>
    public async Task<int> RespondAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // The response is only a status code: no error page, and no redirect to one, because a page would look like a
        // success.
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
        {
            pages.Enabled = false;
        }

        var current = verifiers.Get(registration);
        UnwrappedRequest request;
        try
        {
            request = await UnwrappedRequest.FromAsync(
                context.Request, current, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            recorder.RecordAborted();
            logger.Aborted(exception);
            return StatusOfCancelled(context);
        }

        recorder.Record(registration, request);

        switch (request.Problem)
        {
            case null:
                return await ReceiveOnceAsync(context, request.Delivery!, cancellationToken).ConfigureAwait(false);

            case RequestProblem.Unreadable:
                var exception = (UnreadableWebhookException)request.Exception!;
                logger.Unreadable(exception.WebhookId, exception.Message);
                return await receiver.ReceiveUnreadableAsync(
                    context, PathOf(context.Request), exception).ConfigureAwait(false);

            case RequestProblem.Aborted:
                logger.Aborted(request.Exception);
                return (request.Exception as BadHttpRequestException)?.StatusCode
                    ?? StatusCodes.Status499ClientClosedRequest;

            default:
                return Refuse(context, request, current);
        }
    }

    /// <summary>Receives a delivery, or waits for a copy that arrived earlier.</summary>
    private async Task<int> ReceiveOnceAsync(
        HttpContext context, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        string path = PathOf(context.Request);
        var key = (path, delivery.WebhookId);
        if (_inProgress.Begin(key) is { } first)
        {
            logger.Duplicate(delivery.WebhookId, delivery.Event.Type);
            telemetry.Count(WebhookOutcome.Duplicate, delivery.Event);
            try
            {
                return await first.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return StatusOfCancelled(context);
            }
        }

        int status = StatusCodes.Status500InternalServerError;
        try
        {
            return status = await receiver.ReceiveAsync(context, path, delivery).ConfigureAwait(false);
        }
        finally
        {
            _inProgress.End(key, status);
        }
    }

    private int Refuse(HttpContext context, UnwrappedRequest request, CurrentVerifier current)
    {
        if (request.PublicCode is { } code && !context.Response.HasStarted)
        {
            context.Response.Headers[RejectedHeader] = code;
        }

        bool isTooLarge = request.Problem == RequestProblem.TooLarge;
        if (logger.IsEnabled(LogLevel.Warning) && _refusalLog.TryTake(out long leftOutCount))
        {
            // Until the request is verified, the id is untrusted text.
            string id = PrintableText.Of(request.Headers.Id);
            string leftOut = leftOutCount == 0 ? "" : $" {leftOutCount} earlier rejections were not logged.";
            if (isTooLarge)
            {
                logger.TooLarge(id, current.MaxBodyBytes, registration.Section, leftOut);
            }
            else
            {
                logger.Refused(id, request.Reason, leftOut);
            }
        }

        return isTooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
    }

    // A duplicate comes to the same path. Routing ignores case and a trailing slash, so another spelling is the same
    // path.
    private static string PathOf(HttpRequest request)
        => (request.PathBase + request.Path).Value!.TrimEnd('/').ToLowerInvariant();

    // Either the client disconnected, or the application's own request timeout expired. The timeout middleware would
    // also respond, but it would log a warning for every slow request, even from unknown senders.
    private static int StatusOfCancelled(HttpContext context)
        => context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true }
            ? StatusCodes.Status504GatewayTimeout
            : StatusCodes.Status499ClientClosedRequest;
}
