using System.Diagnostics;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Keeps attempts against a slow server within a time.</summary>
internal static class TimeLimit
{
    /// <summary>Items until the time is over.</summary>
    public static IEnumerable<T> Take<T>(TimeSpan time, IEnumerable<T> items)
    {
        long started = Stopwatch.GetTimestamp();
        return items.TakeWhile(_ => Stopwatch.GetElapsedTime(started) < time);
    }
}
