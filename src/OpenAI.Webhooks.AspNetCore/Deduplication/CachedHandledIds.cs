using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers handled deliveries in the application's cache. If the cache throws or does not answer in time, this is logged and the
/// cache counts as empty: handling a delivery twice is better than not handling it, and OpenAI waits only seconds.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "If the cache throws any exception, the delivery must not be lost.")]
internal sealed class CachedHandledIds(IDistributedCache cache, string keyPrefix, TimeSpan retention, ILogger logger) : HandledIds
{
    // A delivery waits this long only once if the cache is down: after a failed read, nothing is written.
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

    // Some caches ignore the token, so the wait has its own timeout.
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
