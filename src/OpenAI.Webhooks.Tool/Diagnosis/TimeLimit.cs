using System.Diagnostics;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Limits the total time of attempts against a slow server.</summary>
internal static class TimeLimit
{
    /// <summary>Returns items until the time is up.</summary>
    public static IEnumerable<T> Take<T>(TimeSpan time, IEnumerable<T> items)
    {
        long started = Stopwatch.GetTimestamp();
        return items.TakeWhile(_ => Stopwatch.GetElapsedTime(started) < time);
    }
}
