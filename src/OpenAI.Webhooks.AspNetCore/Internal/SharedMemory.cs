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

    // A call that was given up may go on to hold its thread, and a hundred of them all threads there are.
    private const int MaxHeldThreads = 3;

    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };
    private int _heldThreads;

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
        try
        {
            await AskAsync(call).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.CacheFailed(exception, webhookId);
        }
    }

    // Not every cache heeds its token, nor gives its thread back: it is left to itself when the time is over.
    private async Task AskAsync(Func<CancellationToken, Task> call)
    {
        using var patience = new CancellationTokenSource();
        var token = patience.Token;

        // In the queue that all threads take from, behind what waits there: a thread that has begun a request is not held by
        // it. The time counts from the call's own turn: that all threads are busy is no fault of the cache.
        var thread = Task.Factory.StartNew(
            () =>
            {
                if (Volatile.Read(ref _heldThreads) >= MaxHeldThreads)
                {
                    throw new TimeoutException($"The cache is not asked: it holds {MaxHeldThreads} threads or more for calls that it did not answer in time.");
                }

                patience.CancelAfter(Patience);
                return call(token);
            },
            CancellationToken.None,
            TaskCreationOptions.PreferFairness | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default);
        try
        {
            await thread.Unwrap().WaitAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!thread.IsCompleted)
            {
                Interlocked.Increment(ref _heldThreads);
                _ = thread.ContinueWith(_ => Interlocked.Decrement(ref _heldThreads), TaskScheduler.Default);
            }

            throw new TimeoutException($"The cache did not answer within {Patience.TotalMilliseconds} ms.");
        }
    }

    private string Key(string webhookId) => $"{keyPrefix}:{webhookId}";
}
