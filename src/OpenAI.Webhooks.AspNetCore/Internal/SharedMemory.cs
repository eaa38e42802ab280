using System.Diagnostics;
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

    // A call that was given up may go on to hold a thread, and a hundred of them all threads.
    private const int MaxGivenUp = 10;

    private static readonly byte[] Handled = [1];

    private readonly DistributedCacheEntryOptions _options = new() { AbsoluteExpirationRelativeToNow = retention };
    private int _givenUp;

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
            if (Volatile.Read(ref _givenUp) >= MaxGivenUp)
            {
                throw new TimeoutException($"The cache is not asked: {MaxGivenUp} calls or more that it did not answer have not ended yet.");
            }

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
        long started = Stopwatch.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience);
        var token = patience.Token;
        var answer = Task.Run(() => Stopwatch.GetElapsedTime(started) < Patience ? call(token) : throw TooLate(), CancellationToken.None);
        try
        {
            await answer.WaitAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _givenUp);
            _ = answer.ContinueWith(
                ended =>
                {
                    _ = ended.Exception;
                    Interlocked.Decrement(ref _givenUp);
                },
                TaskScheduler.Default);
            throw TooLate();
        }
    }

    private static TimeoutException TooLate() => new($"The cache did not answer within {Patience.TotalMilliseconds} ms.");

    private string Key(string webhookId) => $"{keyPrefix}:{webhookId}";
}
