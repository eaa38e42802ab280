namespace OpenAI.Webhooks.InboxContract;

/// <summary>What the handler wrote down of an attempt: that it began, or that it ended well.</summary>
internal sealed record Attempt(string Kind, string Id, DateTimeOffset Time, DateTimeOffset Timestamp, string Hash, string[] Traces);
