namespace OpenAI.Webhooks.Fuzzing;

/// <summary>Two answers that should be the same and are not.</summary>
internal sealed class Finding(string message) : Exception(message)
{
    public static void Unless(bool holds, string promise)
    {
        if (!holds)
        {
            throw new Finding($"This does not hold: {promise}.");
        }
    }
}
