namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Bounds the lines that strangers can cause in the log: so many a minute, of which the first of each minute tells how
/// many were left out before it.
/// </summary>
internal sealed class LogLimit(TimeProvider timeProvider)
{
    private const int LinesPerMinute = 10;

    private readonly object _gate = new();
    private long? _minute;
    private int _lines;
    private long _leftOut;

    /// <summary>Whether a line may be written now.</summary>
    /// <param name="leftOut">How many were left out since the last that was written.</param>
    public bool TryTake(out long leftOut)
    {
        long now = timeProvider.GetTimestamp();
        lock (_gate)
        {
            if (_minute is not { } minute || timeProvider.GetElapsedTime(minute, now) >= TimeSpan.FromMinutes(1))
            {
                _minute = now;
                _lines = 0;
            }

            leftOut = _leftOut;
            if (_lines == LinesPerMinute)
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
