namespace OpenAI.Webhooks.Nightly;

/// <summary>A record that the handler wrote when an attempt began or succeeded.</summary>
internal sealed record Attempt(
    string Kind, string Id, DateTimeOffset Time, DateTimeOffset Timestamp, string Hash, string[] Traces);
