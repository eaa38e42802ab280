using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers handled deliveries. A cache that does not answer is logged and otherwise counts as empty: handling a
/// delivery twice is better than not at all.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "Whatever a cache throws, the delivery must not be lost.")]
internal sealed class WebhookMemory(IDistributedCache cache, string name, TimeSpan retention, ILogger logger)
{
    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };

    public async Task<bool> HasAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await cache.GetAsync(Key(delivery), cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.CacheFailed(exception, delivery.WebhookId);
            return false;
        }
    }

    public async Task AddAsync(WebhookDelivery delivery)
    {
        try
        {
            // Not with the request's token: a sender that has gone by now will deliver again.
            await cache.SetAsync(Key(delivery), Handled, _options, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.CacheFailed(exception, delivery.WebhookId);
        }
    }

    private string Key(WebhookDelivery delivery) => $"openai-webhooks:{name}:{delivery.WebhookId}";
}
