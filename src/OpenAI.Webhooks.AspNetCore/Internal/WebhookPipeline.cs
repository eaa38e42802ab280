namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Handles a delivery with what it takes from the request's services.</summary>
internal delegate Task WebhookHandler(IServiceProvider services, WebhookDelivery delivery, CancellationToken cancellationToken);

/// <summary>What the application's code adds to its endpoints, by the name of their options.</summary>
internal sealed class WebhookPipeline
{
    public List<WebhookHandler> Handlers { get; } = [];

    /// <summary>How long handled deliveries are remembered; null where they are not.</summary>
    public TimeSpan? Retention { get; set; }

    public async Task RunHandlers(IServiceProvider services, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        foreach (var handler in Handlers)
        {
            await handler(services, delivery, cancellationToken).ConfigureAwait(false);
        }
    }
}
