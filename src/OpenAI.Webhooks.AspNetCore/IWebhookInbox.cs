namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Takes deliveries in, to be handled later or elsewhere: a queue, a table, a scheduler. An endpoint with an inbox stores
/// each authentic delivery there and responds. Whatever takes the message out again hands it to the
/// <see cref="WebhookDispatcher"/>.
/// </summary>
/// <remarks>
/// An inbox is resolved from the request's scope, and several deliveries may be stored at once. A message was verified, but
/// its payload may not be an event. <see cref="WebhookDispatcher.AttemptAsync"/> says what to do with a message after each attempt.
/// </remarks>
public interface IWebhookInbox
{
    /// <summary>
    /// Stores a message under its <see cref="WebhookMessage.Key"/>. The response is 200 once this has ended, so the message
    /// must be safe by then. If this throws, the response is 503, and OpenAI sends the delivery again. To store a key that
    /// is stored already must succeed, and must not store it again.
    /// </summary>
    /// <param name="message">The message. Its payload does not change.</param>
    /// <param name="cancellationToken">
    /// Cancelled after eight seconds, by the application's own request timeout, or when the host's shutdown deadline passes; not
    /// when the client disconnects. The response is then 503, whether the call has ended or not.
    /// </param>
    /// <returns>A task that ends when the message is stored.</returns>
    Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken);
}
