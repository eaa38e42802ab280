namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Remembers the deliveries that an endpoint has handled.</summary>
internal abstract class WebhookMemory
{
    /// <summary>Whether a delivery was handled; null where that cannot be told, and so nothing be remembered either.</summary>
    public abstract ValueTask<bool?> HasAsync(string webhookId);

    public abstract ValueTask AddAsync(string webhookId);
}
