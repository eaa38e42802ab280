namespace OpenAI.Webhooks.Tool;

/// <summary>A clock that is fast by a given time, or slow if the time is negative.</summary>
internal sealed class ShiftedClock(TimeSpan shift) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
}
