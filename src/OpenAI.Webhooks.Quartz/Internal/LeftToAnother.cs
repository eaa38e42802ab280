namespace OpenAI.Webhooks.Quartz;

/// <summary>A delivery that this process cannot handle, and that another one may.</summary>
/// <param name="Reason">Why this process cannot.</param>
/// <param name="Since">When a process first could not.</param>
/// <param name="Delay">When it is offered again.</param>
internal sealed record LeftToAnother(string Reason, DateTimeOffset Since, TimeSpan Delay);
