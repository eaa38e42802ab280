using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Remembers in the application's cache. One that throws, or does not answer in time, is logged and otherwise counts as
/// empty: handling a delivery twice is better than not at all, and OpenAI waits only seconds.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "Whatever a cache throws, the delivery must not be lost.")]
internal sealed class SharedMemory(IDistributedCache cache, string keyPrefix, TimeSpan retention, ILogger logger) : WebhookMemory
{
    // Twice for a delivery, which makes a second in all.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };

    public override async ValueTask<bool?> HasAsync(string webhookId)
    {
        bool? isKnown = null;
        await TryAsync(webhookId, async token => isKnown = await cache.GetAsync(Key(webhookId), token).ConfigureAwait(false) is not null)
            .ConfigureAwait(false);
        return isKnown;
    }

    public override async ValueTask AddAsync(string webhookId)
        => await TryAsync(webhookId, token => cache.SetAsync(Key(webhookId), Handled, _options, token)).ConfigureAwait(false);

    private async Task TryAsync(string webhookId, Func<CancellationToken, Task> call)
    {
        // Not every cache heeds its token, nor gives its thread back: it is left to itself when the time is over.
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var token = patience.Token;
            await Task.Run(() => call(token), CancellationToken.None).WaitAsync(token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.CacheFailed(
                exception is OperationCanceledException ? new TimeoutException($"The cache did not answer within {Patience.TotalMilliseconds} ms.", exception) : exception,
                webhookId);
        }
    }

    private string Key(string webhookId) => $"{keyPrefix}:{webhookId}";
}
