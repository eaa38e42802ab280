using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers handled deliveries in the application's cache. A cache that throws or does not answer in time is logged and
/// counts as empty: to handle a delivery twice is better than not at all, and OpenAI waits only seconds.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "Whatever a cache throws, the delivery must not be lost.")]
internal sealed class CachedHandledIds(IDistributedCache cache, string keyPrefix, TimeSpan retention, ILogger logger) : HandledIds
{
    // A dead cache costs a delivery this once: nothing is written after a read that failed.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };

    public override async ValueTask<bool?> ContainsAsync(string receiver, string webhookId)
    {
        bool? isKnown = null;
        await TryAsync(webhookId, async token => isKnown = await cache.GetAsync(Key(receiver, webhookId), token).ConfigureAwait(false) is not null)
            .ConfigureAwait(false);
        return isKnown;
    }

    public override async ValueTask AddAsync(string receiver, string webhookId)
        => await TryAsync(webhookId, token => cache.SetAsync(Key(receiver, webhookId), Handled, _options, token)).ConfigureAwait(false);

    // Not every cache heeds its token, so the wait ends by itself.
    private async Task TryAsync(string webhookId, Func<CancellationToken, Task> call)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            await call(timeout.Token).WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var reason = timeout.IsCancellationRequested ? new TimeoutException($"The cache did not answer within {Timeout.TotalMilliseconds} ms.") : exception;
            logger.CacheFailed(reason, webhookId);
        }
    }

    private string Key(string receiver, string webhookId) => $"{keyPrefix}:{receiver}:{webhookId}";
}
