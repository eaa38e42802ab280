namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>A handler of every event that does nothing.</summary>
internal sealed class Nothing : IWebhookHandler<WebhookEvent>
{
    public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        => Task.CompletedTask;
}
