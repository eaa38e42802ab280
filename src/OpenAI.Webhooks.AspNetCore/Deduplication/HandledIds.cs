namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Remembers which deliveries an endpoint has handled.</summary>
internal abstract class HandledIds
{
    /// <summary>Connects to where the ids are, so that the first delivery need not wait for that.</summary>
    public virtual void Connect()
    {
    }

    /// <summary>Whether a delivery was handled; null if that cannot be found out in time.</summary>
    public abstract ValueTask<bool?> ContainsAsync(string path, string webhookId);

    /// <summary>
    /// Remembers a delivery. It is remembered even if the caller does not wait for the returned task.
    /// </summary>
    public abstract ValueTask AddAsync(string path, string webhookId);
}
