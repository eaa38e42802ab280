namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Remembers which deliveries an endpoint has handled.</summary>
internal abstract class HandledIds
{
    /// <summary>
    /// Whether a delivery was handled; null if unknown. If it is unknown, do not call <see cref="AddAsync"/> either.
    /// </summary>
    public abstract ValueTask<bool?> ContainsAsync(string receiver, string webhookId);

    public abstract ValueTask AddAsync(string receiver, string webhookId);
}
