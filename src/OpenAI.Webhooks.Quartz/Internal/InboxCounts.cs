namespace OpenAI.Webhooks.Quartz;

/// <summary>What an inbox holds.</summary>
/// <param name="Waiting">How many deliveries are not handled yet: due, waiting for a retry, or running.</param>
/// <param name="Dead">How many dead letters there are.</param>
/// <param name="OldestDue">How long the longest-waiting delivery has been due; zero if none is due.</param>
internal sealed record InboxCounts(int Waiting, int Dead, TimeSpan OldestDue);
