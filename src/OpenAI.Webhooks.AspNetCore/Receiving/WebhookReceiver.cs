using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Takes authentic deliveries from an endpoint, and tells the status to respond with.</summary>
internal abstract class WebhookReceiver(ShutdownDeadline deadline)
{
    /// <summary>Takes a delivery.</summary>
    /// <param name="context">The request.</param>
    /// <param name="receiver">What tells receivers with the same handlers apart: the requested path.</param>
    /// <param name="delivery">The delivery.</param>
    public abstract Task<int> ReceiveAsync(HttpContext context, string receiver, WebhookDelivery delivery);

    /// <summary>Takes a delivery whose event cannot be read.</summary>
    public abstract Task<int> ReceiveUnreadableAsync(HttpContext context, string receiver, UnreadableWebhookException exception);

    /// <summary>
    /// Makes the source of a delivery's token: cancelled by the application's own request timeout and by the shutdown
    /// deadline, but not when the client disconnects.
    /// </summary>
    protected CancellationTokenSource CreateTokenSource(HttpContext context)
        => deadline.CreateSource(context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken ?? CancellationToken.None);
}
