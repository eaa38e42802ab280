namespace OpenAI.Webhooks.Quartz;

/// <summary>Limits of the health check of a Quartz inbox.</summary>
public sealed class QuartzInboxHealthOptions
{
    /// <summary>How many dead letters there may be before the check is degraded; 0 by default.</summary>
    public int MaxDeadLetters { get; set; }

    /// <summary>How long a delivery may be due before the check is degraded; 1 minute by default.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMinutes(1);
}
