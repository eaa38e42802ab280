using Microsoft.AspNetCore.Http;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Handles a delivery. It is given the request and not its services, because those come into being, scope and all, when
/// they are first asked for.
/// </summary>
internal delegate Task WebhookHandler(HttpContext context, WebhookDelivery delivery, CancellationToken cancellationToken);

/// <summary>What the application's code adds to its endpoints, by the name of their options.</summary>
internal sealed class WebhookPipeline
{
    public List<WebhookHandler> Handlers { get; } = [];

    /// <summary>How long handled deliveries are remembered; null where they are not.</summary>
    public TimeSpan? Retention { get; set; }

    public async Task RunHandlers(HttpContext context, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        foreach (var handler in Handlers)
        {
            await handler(context, delivery, cancellationToken).ConfigureAwait(false);
        }
    }
}
