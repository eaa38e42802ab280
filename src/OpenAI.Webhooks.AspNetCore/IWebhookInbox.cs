namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Stores deliveries to be handled later or elsewhere, for example in a queue, a table or a scheduler. An endpoint with
/// an inbox stores each authentic delivery there and responds. The code that takes the message out again passes it to
/// the <see cref="WebhookDispatcher"/>.
/// </summary>
/// <remarks>
/// An inbox is resolved from the request's scope, and several deliveries may be stored at once. A message was verified,
/// but its payload may not be an event. <see cref="WebhookDispatcher.AttemptAsync"/> says what to do with a message
/// after each attempt.
/// </remarks>
public interface IWebhookInbox
{
    /// <summary>
    /// Stores a message under its <see cref="WebhookMessage.Key"/>. The response is 200 once the returned task
    /// completes, so the message must be stored durably by then. If this method throws, the response is 503, and OpenAI
    /// retries. If the key is already stored, the method must succeed without storing it again.
    /// </summary>
    /// <param name="message">The message. Its payload does not change.</param>
    /// <param name="cancellationToken">
    /// Cancelled after eight seconds, by the application's own request timeout, or when the host's shutdown deadline
    /// passes. It is not cancelled when the client disconnects. After cancellation, the response is 503, even if the
    /// call is still running.
    /// </param>
    /// <returns>A task that ends when the message is stored.</returns>
    Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken);
}
