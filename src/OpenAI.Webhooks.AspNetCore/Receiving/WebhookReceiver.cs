using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Processes authentic deliveries for an endpoint, and returns the response status.</summary>
internal abstract class WebhookReceiver(ShutdownDeadline deadline)
{
    /// <summary>Takes a delivery.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The requested path. The same id at another path is another delivery.</param>
    /// <param name="delivery">The delivery.</param>
    public abstract Task<int> ReceiveAsync(HttpContext context, string path, WebhookDelivery delivery);

    /// <summary>Takes a delivery whose event cannot be read.</summary>
    public abstract Task<int> ReceiveUnreadableAsync(
        HttpContext context, string path, UnreadableWebhookException exception);

    /// <summary>
    /// Creates the token source of a delivery. The application's own request timeout and the shutdown deadline cancel
    /// it; a client that disconnects does not.
    /// </summary>
    protected CancellationTokenSource CreateTokenSource(HttpContext context)
        => deadline.CreateSource(
            context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken ?? CancellationToken.None);
}
