namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Handles events of one type, of a family, or of every type (<see cref="WebhookEvent"/>). A handler is
/// resolved for each delivery, from the scope of its request or of the <see cref="WebhookDispatcher"/>.
/// </summary>
/// <example>
/// <code>
/// public class FetchResponse(ResponsesClient responses) : IWebhookHandler&lt;ResponseCompletedWebhookEvent&gt;
/// {
///     public async Task HandleAsync(
///         ResponseCompletedWebhookEvent completed, WebhookDelivery delivery, CancellationToken cancellationToken)
///     {
///         ResponseResult response = await responses.GetResponseAsync(completed.Data.Id, cancellationToken);
///     }
/// }
/// </code>
/// </example>
/// <typeparam name="TEvent">The event's record, its family's, or <see cref="WebhookEvent"/>.</typeparam>
public interface IWebhookHandler<in TEvent>
    where TEvent : WebhookEvent
{
    /// <summary>
    /// Handles an event. The response is 200 once every handler of the event has finished. If one throws, the response
    /// is 500 and OpenAI retries. If one throws a <see cref="PermanentWebhookFailureException"/>, the delivery is not
    /// retried.
    /// </summary>
    /// <param name="webhookEvent">The event.</param>
    /// <param name="delivery">The delivery that contained the event. Its webhook id identifies copies.</param>
    /// <param name="cancellationToken">
    /// Cancelled by the application's own request timeout, or when the host's shutdown deadline passes; the handler
    /// then has a second to clean up. It is not cancelled when the client disconnects: OpenAI retries after a few
    /// seconds, and the retry waits for this attempt and gets the same response. The token belongs to this delivery; do
    /// not use it after the handler has finished.
    /// </param>
    /// <returns>A task that ends when the event is handled, or safely stored.</returns>
    Task HandleAsync(TEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken);
}
