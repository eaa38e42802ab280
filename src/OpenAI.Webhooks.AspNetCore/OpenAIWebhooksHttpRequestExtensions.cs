using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.AspNetCore.Http;

/// <summary>Unwraps OpenAI webhooks where the endpoint is not mapped: in controllers, functions and middleware.</summary>
public static class OpenAIWebhooksHttpRequestExtensions
{
    /// <summary>
    /// Reads a request's body, verifies the webhook, and reads its event, by the options of <c>AddOpenAIWebhooks</c>.
    /// Nothing may have read the body before, unless it can be rewound, as with <c>EnableBuffering</c>.
    /// </summary>
    /// <param name="request">The request. Must not be null.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <param name="cancellationToken">Stops reading the body.</param>
    /// <returns>The delivery.</returns>
    /// <exception cref="InvalidWebhookSignatureException">The webhook is not authentic: answer 400.</exception>
    /// <exception cref="JsonException">The webhook is authentic, and its payload is not an event: answer 400.</exception>
    /// <exception cref="BadHttpRequestException">The body is over the limit, or broken off; it has the status to answer.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<WebhookDelivery> UnwrapOpenAIWebhookAsync(
        this HttpRequest request,
        string? name = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        var registration = new WebhookRegistration(name ?? Options.DefaultName);
        var verifiers = request.HttpContext.RequestServices.GetService<WebhookVerifiers>()
            ?? throw new InvalidOperationException($"{nameof(UnwrapOpenAIWebhookAsync)} needs services that are not registered. Call {registration.AddCall} before the application is built.");
        var (verifier, maxBodyBytes) = verifiers.Get(registration);

        if (request.Body.CanSeek)
        {
            request.Body.Position = 0;
        }

        var body = await RequestBody.ReadAsync(request, maxBodyBytes, cancellationToken).ConfigureAwait(false)
            ?? throw new BadHttpRequestException("The webhook's body is over the limit.", StatusCodes.Status413PayloadTooLarge);
        return verifier.Unwrap(body, RequestBody.HeadersOf(request));
    }
}
