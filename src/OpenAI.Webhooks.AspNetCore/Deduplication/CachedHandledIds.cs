using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers handled deliveries in the application's cache. If the cache throws or does not answer in time, this is
/// logged and the cache counts as empty: handling a delivery twice is better than not handling it, and OpenAI waits
/// only seconds.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "If the cache throws any exception, the delivery must not "
    + "be lost.")]
internal sealed class CachedHandledIds(IDistributedCache cache, string keyPrefix, TimeSpan retention, ILogger logger)
    : HandledIds
{
    // How long a delivery waits for the cache, when it is read and when it is written.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    // A cache that is slow to connect still remembers what is written meanwhile.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(30);

    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };

    public override void Connect() => _ = ContainsAsync("", "connect").AsTask();

    public override async ValueTask<bool?> ContainsAsync(string path, string webhookId)
    {
        bool? isKnown = null;
        await TryAsync(
            webhookId,
            Timeout,
            async token
                => isKnown = await cache.GetAsync(Key(path, webhookId), token).ConfigureAwait(false) is { Length: > 0 })
            .ConfigureAwait(false);
        return isKnown;
    }

    public override async ValueTask AddAsync(string path, string webhookId)
    {
        var adding = TryAsync(
            webhookId, WriteTimeout, token => cache.SetAsync(Key(path, webhookId), Handled, _options, token));
        await adding.WaitAsync(Timeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Some caches ignore the token, so the wait has its own timeout.
    private async Task TryAsync(string webhookId, TimeSpan limit, Func<CancellationToken, Task> call)
    {
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await call(timeout.Token).WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var reason = timeout.IsCancellationRequested
                ? new TimeoutException($"The cache did not answer within {limit.TotalMilliseconds} ms.")
                : exception;
            logger.CacheFailed(reason, webhookId);
        }
    }

    private string Key(string path, string webhookId) => $"{keyPrefix}:{path}:{webhookId}";
}
