using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What happens to a request: looked at, read, verified, unwrapped, handled once, answered, and told about.</summary>
internal sealed class WebhookEndpoint(
    WebhookRegistration registration,
    WebhookTarget target,
    WebhookVerifiers verifiers,
    WebhookRunner runner,
    WebhookTelemetry telemetry,
    WebhookLifetime lifetime,
    IOptionsMonitor<WebhookPipeline> pipelines,
    ILogger<WebhookEndpoint> logger,
    IDistributedCache? cache = null,
    TimeProvider? timeProvider = null)
{
    private const int MaxLoggedIdLength = 100;

    private readonly TimeSpan? _retention = pipelines.Get(registration.Name).Retention;
    private readonly LogLimit _strangers = new(timeProvider ?? TimeProvider.System);
    private readonly ConcurrentDictionary<string, Task<int>> _inProgress = new(StringComparer.Ordinal);
    private WebhookMemory? _memory;

    public async Task HandleAsync(HttpContext context)
    {
        // The answer is the status alone: no page for it, and no redirect to one, which would pass for a success.
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
        {
            pages.Enabled = false;
        }

        int status = await AnswerAsync(context).ConfigureAwait(false);
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
        }
        else if (status != StatusCodes.Status200OK)
        {
            // A handler has begun an answer, and failed. To break it off is the only way left to say so.
            context.Abort();
        }
    }

    private async Task<int> AnswerAsync(HttpContext context)
    {
        var inForce = verifiers.Get(registration);
        var headers = RequestBody.HeadersOf(context.Request);
        if (inForce.Verifier.Refuses(headers, out var failure))
        {
            return Refuse(headers, failure);
        }

        RequestBody body;
        try
        {
            body = await RequestBody.ReadAsync(context.Request, inForce, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            CountAborted(exception);
            return Leave(context, exception);
        }

        if (body.State != RequestBodyState.Complete)
        {
            return Refuse(headers, body, inForce);
        }

        WebhookDelivery? delivery;
        try
        {
            if (!inForce.Verifier.TryUnwrap(body.Bytes, headers, out delivery, out failure))
            {
                return body.IsShort(context.Request) ? Refuse(headers, body with { State = RequestBodyState.ReadBefore }, inForce) : Refuse(headers, failure);
            }
        }
        catch (UnreadableWebhookException exception)
        {
            return await PutAsideAsync(context, exception).ConfigureAwait(false);
        }

        return await ReceiveOnceAsync(context, delivery).ConfigureAwait(false);
    }

    /// <summary>Receives a delivery, or waits for what becomes of the copy of it that came first.</summary>
    private async Task<int> ReceiveOnceAsync(HttpContext context, WebhookDelivery delivery)
    {
        var own = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _inProgress.GetOrAdd(delivery.WebhookId, own.Task);
        if (first != own.Task)
        {
            logger.Duplicate(delivery.WebhookId, delivery.Event.Type);
            telemetry.Count(WebhookOutcome.Duplicate, delivery.Event);
            try
            {
                return await first.WaitAsync(context.RequestAborted).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception)
            {
                return Leave(context, exception);
            }
        }

        int status = StatusCodes.Status500InternalServerError;
        try
        {
            status = await ReceiveAsync(context, delivery).ConfigureAwait(false);
            return status;
        }
        finally
        {
            _inProgress.TryRemove(delivery.WebhookId, out _);
            own.SetResult(status);
        }
    }

    private async Task<int> ReceiveAsync(HttpContext context, WebhookDelivery delivery)
    {
        using var patience = Patience(context);
        var cancellationToken = patience?.Token ?? lifetime.Deadline;
        if (target.Inbox is not null)
        {
            var outcome = await StoreAsync(context, delivery.WebhookId, delivery.Timestamp, delivery.Payload, cancellationToken).ConfigureAwait(false);
            telemetry.Count(outcome, delivery.Event);
            return StatusOf(outcome);
        }

        var memory = Memory(context);
        bool? isHandled = memory is null ? null : await memory.HasAsync(delivery.WebhookId).ConfigureAwait(false);
        if (isHandled == true)
        {
            logger.Duplicate(delivery.WebhookId, delivery.Event.Type);
            telemetry.Count(WebhookOutcome.Duplicate, delivery.Event);
            return StatusCodes.Status200OK;
        }

        if (!await TryRunAsync(context, delivery, cancellationToken).ConfigureAwait(false))
        {
            return StatusCodes.Status500InternalServerError;
        }

        // A memory that could not be asked is not told either: that would be to wait a second time.
        if (isHandled == false)
        {
            await memory!.AddAsync(delivery.WebhookId).ConfigureAwait(false);
        }

        return StatusCodes.Status200OK;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws has been logged, and OpenAI is to deliver again.")]
    private async Task<bool> TryRunAsync(HttpContext context, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            await runner.RunAsync(target.Handler, () => context.RequestServices, delivery, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever an inbox throws, OpenAI is to deliver again.")]
    private async Task<WebhookOutcome> StoreAsync(
        HttpContext context, string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await target.Inbox!(context.RequestServices).StoreAsync(webhookId, timestamp, payload, cancellationToken).ConfigureAwait(false);
            logger.Stored(webhookId);
            return WebhookOutcome.Stored;
        }
        catch (Exception exception)
        {
            logger.NotStored(exception, webhookId);
            return WebhookOutcome.Failed;
        }
    }

    // An inbox takes what cannot be read as well, to be looked at by people: OpenAI gives up after 72 hours.
    private async Task<int> PutAsideAsync(HttpContext context, UnreadableWebhookException exception)
    {
        logger.Unreadable(exception.WebhookId, exception.Message);
        if (target.Inbox is null)
        {
            telemetry.Count(WebhookOutcome.Unreadable);
            return StatusCodes.Status400BadRequest;
        }

        using var patience = Patience(context);
        var outcome = await StoreAsync(context, exception.WebhookId, exception.Timestamp, exception.Payload, patience?.Token ?? lifetime.Deadline)
            .ConfigureAwait(false);
        telemetry.Count(outcome);
        return StatusOf(outcome);
    }

    // The application's own timeout, with the host's deadline; null where there is only the latter. Not the request's
    // token, which is cancelled when the sender leaves.
    private CancellationTokenSource? Patience(HttpContext context)
        => context.Features.Get<IHttpRequestTimeoutFeature>() is { } timeout
            ? CancellationTokenSource.CreateLinkedTokenSource(timeout.RequestTimeoutToken, lifetime.Deadline)
            : null;

    // Two endpoints are two receivers. Their routes tell them apart, or the order they are mapped in where those are the
    // same, as on two hosts: on every machine of a fleet alike.
    private WebhookMemory? Memory(HttpContext context)
        => _memory is null && _retention is { } retention
            ? _memory = cache is null
                ? new OwnMemory(retention, timeProvider ?? TimeProvider.System)
                : new SharedMemory(cache, $"openai-webhooks:{registration.Name}:{(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText}{target.Suffix}", retention, logger)
            : _memory;

    private int Refuse(WebhookHeaders headers, WebhookVerificationFailure failure)
    {
        telemetry.CountRefused(WebhookTelemetry.Name(failure));
        if (MayLog(out string leftOut))
        {
            logger.Refused(Claimed(headers.Id), new InvalidWebhookSignatureException(failure).Message, leftOut);
        }

        return StatusCodes.Status400BadRequest;
    }

    private int Refuse(WebhookHeaders headers, RequestBody body, VerifierInForce inForce)
    {
        switch (body.State)
        {
            case RequestBodyState.TooLarge:
                telemetry.Count(WebhookOutcome.TooLarge);
                if (MayLog(out string leftOut))
                {
                    logger.TooLarge(Claimed(headers.Id), inForce.MaxBodyBytes, registration.Section, leftOut);
                }

                return StatusCodes.Status413PayloadTooLarge;

            case RequestBodyState.Aborted:
                CountAborted(body.Exception);
                return (body.Exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status499ClientClosedRequest;

            default:
                bool isReadBefore = body.State == RequestBodyState.ReadBefore;
                telemetry.CountRefused(isReadBefore ? "body_read_before" : "body_malformed");
                if (MayLog(out leftOut))
                {
                    logger.Refused(
                        Claimed(headers.Id),
                        isReadBefore ? RequestBody.ReadBeforeMessage : $"Its body cannot be read ({body.Exception!.GetType()}). {RequestBody.MalformedMessage}",
                        leftOut);
                }

                return StatusCodes.Status400BadRequest;
        }
    }

    // The sender has left, or the application's own timeout has passed, which its middleware is to answer.
    private static int Leave(HttpContext context, OperationCanceledException exception)
    {
        if (context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true })
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        return StatusCodes.Status499ClientClosedRequest;
    }

    private void CountAborted(Exception? exception)
    {
        logger.Aborted(exception);
        telemetry.Count(WebhookOutcome.Aborted);
    }

    private bool MayLog(out string leftOut)
    {
        leftOut = "";
        if (!logger.IsEnabled(LogLevel.Warning) || !_strangers.TryTake(out long count))
        {
            return false;
        }

        if (count > 0)
        {
            leftOut = $" {count} more were refused before this one, and not logged.";
        }

        return true;
    }

    // Before it is verified, an id is anybody's text: as long as they like, and with whatever a terminal obeys.
    private static string Claimed(string? id)
        => id is null ? "(nothing)"
            : id.Length > MaxLoggedIdLength ? $"(an id of {id.Length} characters)"
            : id.All(character => character is > ' ' and <= '~') ? id
            : "(an id that is not printable)";

    private static int StatusOf(WebhookOutcome outcome)
        => outcome == WebhookOutcome.Stored ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
