using Microsoft.Extensions.DependencyInjection;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.AspNetCore.Http;

/// <summary>Unwraps OpenAI webhooks where the endpoint is not mapped: in controllers, functions and middleware.</summary>
public static class OpenAIWebhooksHttpRequestExtensions
{
    /// <summary>
    /// Reads a request's body, verifies the webhook, and reads its event, by the options of <c>AddOpenAIWebhooks</c>.
    /// Nothing may have read the body before, unless it can be rewound, as with <c>EnableBuffering</c>: it then is.
    /// </summary>
    /// <param name="request">The request. Must not be null.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <param name="cancellationToken">Stops reading the body.</param>
    /// <returns>The delivery.</returns>
    /// <exception cref="InvalidWebhookSignatureException">The webhook is not authentic: answer 400.</exception>
    /// <exception cref="UnreadableWebhookException">The webhook is authentic, and its payload is not an event: answer 400.</exception>
    /// <exception cref="BadHttpRequestException">
    /// The body is over the limit, broken off, not what its headers say, or was read before; it has the status to answer.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called, or not with this name.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<WebhookDelivery> UnwrapOpenAIWebhookAsync(
        this HttpRequest request,
        string? name = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        var services = request.HttpContext.RequestServices;
        var registration = WebhookRegistration.Find(services.GetServices<WebhookRegistration>(), name, nameof(UnwrapOpenAIWebhookAsync));
        var inForce = services.GetRequiredService<WebhookVerifiers>().Get(registration);
        var headers = RequestBody.HeadersOf(request);
        if (inForce.Verifier.Refuses(headers, out var failure))
        {
            throw new InvalidWebhookSignatureException(failure);
        }

        var body = await RequestBody.ReadAsync(request, inForce, cancellationToken).ConfigureAwait(false);
        switch (body.State)
        {
            case RequestBodyState.Complete when inForce.Verifier.TryUnwrap(body.Bytes, headers, out var delivery, out failure):
                return delivery;
            case RequestBodyState.Complete when !body.IsShort(request):
                throw new InvalidWebhookSignatureException(failure);
            case RequestBodyState.TooLarge:
                throw new BadHttpRequestException("The webhook's body is over the limit.", StatusCodes.Status413PayloadTooLarge, body.Exception!);
            case RequestBodyState.Complete:
            case RequestBodyState.ReadBefore:
                throw new BadHttpRequestException($"The webhook cannot be verified. {RequestBody.ReadBeforeMessage}");
            case RequestBodyState.Malformed:
                throw new BadHttpRequestException($"The webhook's body cannot be read. {RequestBody.MalformedMessage}", StatusCodes.Status400BadRequest, body.Exception!);
            default:
                throw body.Exception as BadHttpRequestException
                    ?? new BadHttpRequestException("The webhook's sender broke off.", StatusCodes.Status400BadRequest, body.Exception!);
        }
    }
}
