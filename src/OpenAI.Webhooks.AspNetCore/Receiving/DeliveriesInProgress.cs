using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>The deliveries that are being received right now. Copies of one wait for it and get its response.</summary>
internal sealed class DeliveriesInProgress
{
    private readonly ConcurrentDictionary<(string Path, string WebhookId), TaskCompletionSource<int>> _running = new();

    /// <summary>Begins a delivery, unless a copy of it is running.</summary>
    /// <param name="key">The path and the webhook id.</param>
    /// <returns>
    /// Null if the delivery has begun; otherwise a task with the response status of the running copy.
    /// </returns>
    public Task<int>? Begin((string Path, string WebhookId) key)
    {
        var own = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _running.GetOrAdd(key, own);
        return first == own ? null : first.Task;
    }

    /// <summary>Ends a delivery that has begun.</summary>
    public void End((string Path, string WebhookId) key, int status)
    {
        if (_running.TryRemove(key, out var own))
        {
            own.SetResult(status);
        }
    }
}
