namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Limits how many log lines unverified requests can cause per period. The first line of a period says how many lines
/// were suppressed before it.
/// </summary>
internal sealed class LogLimit(TimeProvider timeProvider, int lines, TimeSpan period)
{
    private readonly object _gate = new();
    private long? _start;
    private int _lines;
    private long _leftOut;

    /// <summary>Whether a line may be written now.</summary>
    /// <param name="leftOut">How many lines were suppressed since the last written line.</param>
    public bool TryTake(out long leftOut)
    {
        long now = timeProvider.GetTimestamp();
        lock (_gate)
        {
            if (_start is not { } start || timeProvider.GetElapsedTime(start, now) >= period)
            {
                _start = now;
                _lines = 0;
            }

            leftOut = _leftOut;
            if (_lines == lines)
            {
                _leftOut++;
                return false;
            }

            _lines++;
            _leftOut = 0;
            return true;
        }
    }
}
