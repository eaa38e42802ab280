using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Keeps the activities of the library that have stopped, of whatever application in this process.</summary>
internal sealed class Activities : IDisposable
{
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ActivityListener _listener;

    public Activities()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OpenAI.Webhooks",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyCollection<Activity> Stopped => _stopped;

    public void Dispose() => _listener.Dispose();
}
