namespace OpenAI.Webhooks.Tool;

/// <summary>A clock that is fast by a time, or slow if that is negative.</summary>
internal sealed class ShiftedClock(TimeSpan shift) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
}
