using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What happens to a request: read, verified, unwrapped, handled once, answered, and told about.</summary>
internal sealed class WebhookEndpoint(
    WebhookRegistration registration,
    WebhookHandler handler,
    WebhookVerifiers verifiers,
    WebhookTelemetry telemetry,
    IOptionsMonitor<WebhookPipeline> pipelines,
    ILogger<WebhookEndpoint> logger,
    IDistributedCache? cache = null)
{
    private const int MaxLoggedIdLength = 100;

    private readonly WebhookMemory? _memory = cache is not null && pipelines.Get(registration.Name).Retention is { } retention
        ? new(cache, registration.Name, retention, logger)
        : null;

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            context.Response.StatusCode = await AnswerAsync(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException || IsAbort(exception, context))
        {
            logger.Aborted(exception);
            telemetry.Count(WebhookOutcome.Aborted);
            context.Response.StatusCode = (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status499ClientClosedRequest;
        }
    }

    private async Task<int> AnswerAsync(HttpContext context)
    {
        var (verifier, maxBodyBytes) = verifiers.Get(registration);
        var headers = RequestBody.HeadersOf(context.Request);

        if (await RequestBody.ReadAsync(context.Request, maxBodyBytes, context.RequestAborted).ConfigureAwait(false) is not { } body)
        {
            logger.TooLarge(Claimed(headers.Id), maxBodyBytes);
            telemetry.Count(WebhookOutcome.TooLarge);
            return StatusCodes.Status413PayloadTooLarge;
        }

        WebhookDelivery? delivery;
        try
        {
            if (!verifier.TryUnwrap(body, headers, out delivery, out var failure))
            {
                logger.Refused(Claimed(headers.Id), new InvalidWebhookSignatureException(failure).Message);
                telemetry.Count(WebhookOutcome.Refused, failure);
                return StatusCodes.Status400BadRequest;
            }
        }
        catch (JsonException exception)
        {
            logger.Unreadable(headers.Id, exception.Message);
            telemetry.Count(WebhookOutcome.Unreadable);
            return StatusCodes.Status400BadRequest;
        }

        using var activity = telemetry.StartActivity(delivery);
        var outcome = await HandleOnceAsync(context, delivery).ConfigureAwait(false);
        telemetry.Count(outcome, delivery.Event);
        if (outcome != WebhookOutcome.Failed)
        {
            return StatusCodes.Status200OK;
        }

        activity?.SetStatus(ActivityStatusCode.Error);
        return StatusCodes.Status500InternalServerError;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws, OpenAI is to deliver again.")]
    private async Task<WebhookOutcome> HandleOnceAsync(HttpContext context, WebhookDelivery delivery)
    {
        if (_memory is not null && await _memory.HasAsync(delivery, context.RequestAborted).ConfigureAwait(false))
        {
            logger.Duplicate(delivery.WebhookId, delivery.Event.Type);
            return WebhookOutcome.Duplicate;
        }

        long started = Stopwatch.GetTimestamp();
        try
        {
            await handler(context, delivery, context.RequestAborted).ConfigureAwait(false);
            logger.Handled(delivery.WebhookId, delivery.Event.Type);
        }
        catch (Exception exception) when (!IsAbort(exception, context))
        {
            logger.HandlerFailed(exception, delivery.WebhookId, delivery.Event.Type);
            return WebhookOutcome.Failed;
        }
        finally
        {
            telemetry.Time(Stopwatch.GetElapsedTime(started), delivery.Event);
        }

        if (_memory is not null)
        {
            await _memory.AddAsync(delivery).ConfigureAwait(false);
        }

        return WebhookOutcome.Handled;
    }

    // Before it is verified, an id is anybody's text, and as long as they like.
    private static string? Claimed(string? id) => id?.Length > MaxLoggedIdLength ? id[..MaxLoggedIdLength] + "…" : id;

    private static bool IsAbort(Exception exception, HttpContext context)
        => exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested;
}
