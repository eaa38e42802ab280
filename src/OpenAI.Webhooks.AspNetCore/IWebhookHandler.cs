namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Handles events of a type, of a family, or, as a handler of <see cref="WebhookEvent"/>, of every type. One is taken
/// for each delivery from the scope of its request, or of its <see cref="WebhookDispatcher"/>.
/// </summary>
/// <typeparam name="TEvent">The event's record, its family's, or <see cref="WebhookEvent"/>.</typeparam>
public interface IWebhookHandler<in TEvent>
    where TEvent : WebhookEvent
{
    /// <summary>
    /// Handles an event. The delivery is answered once every handler of the event has finished; where one throws, it is
    /// answered 500, and OpenAI delivers again.
    /// </summary>
    /// <param name="webhookEvent">The event.</param>
    /// <param name="delivery">What it came in: with the webhook id, by which a repeated delivery is recognised.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the application's own request timeout says so, or when the host's shutdown deadline passes. Not when
    /// the sender leaves: OpenAI waits only seconds and then tries again, and is answered by what this attempt did.
    /// </param>
    /// <returns>A task that ends when the event is handled, or safely stored.</returns>
    Task HandleAsync(TEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken);
}
