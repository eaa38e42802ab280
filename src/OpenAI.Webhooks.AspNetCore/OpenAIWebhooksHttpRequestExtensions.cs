using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.AspNetCore.Http;

/// <summary>Receives OpenAI webhooks where no endpoint is mapped: in controllers, functions and middleware.</summary>
public static class OpenAIWebhooksHttpRequestExtensions
{
    /// <summary>
    /// Does all that an endpoint of <c>MapOpenAIWebhooks</c> does: verifies the webhook, recognizes copies, stores it
    /// in the inbox or runs the registered handlers, logs and counts. The body must not have been read before, unless
    /// it can be rewound, as with <c>EnableBuffering</c>.
    /// </summary>
    /// <example>
    /// <code>
    /// [HttpPost("/webhooks/openai")]
    /// public async Task&lt;IActionResult&gt; Receive() =&gt; StatusCode(await Request.HandleOpenAIWebhookAsync());
    /// </code>
    /// </example>
    /// <param name="request">The request. Must not be null.</param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <param name="cancellationToken">
    /// Stops reading the body. A handler runs to its end, as with <c>MapOpenAIWebhooks</c>. If the token cannot be
    /// cancelled, <see cref="HttpContext.RequestAborted"/> takes its place.
    /// </param>
    /// <returns>
    /// The status to respond with, without a body: 200, or a status after which OpenAI retries, as for
    /// <c>MapOpenAIWebhooks</c>.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name; or no handler was added; or the registered parts
    /// conflict. The message says what to change.
    /// </exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// There is no usable secret. The message says what to set.
    /// </exception>
    public static Task<int> HandleOpenAIWebhookAsync(
        this HttpRequest request,
        string? name = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        var context = request.HttpContext;
        var registration = WebhookRegistration.Find(
            context.RequestServices.GetServices<WebhookRegistration>(), name, nameof(HandleOpenAIWebhookAsync));
        var endpoint = context.RequestServices.GetRequiredService<UnmappedEndpoints>()
            .Get(registration, $"{nameof(HandleOpenAIWebhookAsync)}()");
        return endpoint.RespondAsync(
            context, cancellationToken.CanBeCanceled ? cancellationToken : context.RequestAborted);
    }

    /// <summary>
    /// Reads a request's body, verifies the webhook and reads its event, with the options of <c>AddOpenAIWebhooks</c>.
    /// The body must not have been read before, unless it can be rewound, as with <c>EnableBuffering</c>. This method
    /// rewinds it.
    /// </summary>
    /// <example>
    /// <code>
    /// try
    /// {
    ///     WebhookDelivery delivery = await Request.UnwrapOpenAIWebhookAsync(cancellationToken: cancellationToken);
    ///     return Ok();
    /// }
    /// catch (Exception exception) when (exception is InvalidWebhookSignatureException or UnreadableWebhookException)
    /// {
    ///     return BadRequest();
    /// }
    /// </code>
    /// </example>
    /// <param name="request">The request. Must not be null.</param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <param name="cancellationToken">Stops reading the body.</param>
    /// <returns>The delivery.</returns>
    /// <exception cref="InvalidWebhookSignatureException">The webhook is not authentic. Respond with 400.</exception>
    /// <exception cref="UnreadableWebhookException">
    /// The webhook is authentic, but its payload is not an event. Respond with 400.
    /// </exception>
    /// <exception cref="BadHttpRequestException">
    /// The body is over the limit, did not arrive, is not encoded as its headers say, or was read before. Respond with
    /// the exception's status code.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name.
    /// </exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// There is no usable secret. The message says what to set.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<WebhookDelivery> UnwrapOpenAIWebhookAsync(
        this HttpRequest request,
        string? name = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        var services = request.HttpContext.RequestServices;
        var registration = WebhookRegistration.Find(
            services.GetServices<WebhookRegistration>(), name, nameof(UnwrapOpenAIWebhookAsync));
        var current = services.GetRequiredService<CurrentVerifiers>().Get(registration);
        var recorder = services.GetRequiredService<RequestRecorder>();
        UnwrappedRequest unwrapped;
        try
        {
            unwrapped = await UnwrappedRequest.FromAsync(request, current, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            recorder.RecordAborted();
            throw;
        }

        recorder.Record(registration, unwrapped);
        switch (unwrapped.Problem)
        {
            case null:
                return unwrapped.Delivery!;
            case RequestProblem.NotAuthentic or RequestProblem.Encoded:
                throw new InvalidWebhookSignatureException(unwrapped.Failure);
            case RequestProblem.Unreadable:
            case RequestProblem.Aborted when unwrapped.Exception is BadHttpRequestException:
                ExceptionDispatchInfo.Throw(unwrapped.Exception!);
                throw unwrapped.Exception!;
            default:
                int status = unwrapped.Problem == RequestProblem.TooLarge
                    ? StatusCodes.Status413PayloadTooLarge
                    : StatusCodes.Status400BadRequest;
                throw new BadHttpRequestException(unwrapped.Reason, status, unwrapped.Exception!);
        }
    }
}
