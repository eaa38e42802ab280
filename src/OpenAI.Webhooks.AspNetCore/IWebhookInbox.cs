namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Takes deliveries in, to be handled later and elsewhere: a queue, a table, a scheduler. An endpoint that has one
/// stores each authentic delivery there and answers; whoever takes it out makes a <see cref="WebhookDelivery"/> of it
/// and hands that to the <see cref="WebhookDispatcher"/>.
/// </summary>
/// <remarks>
/// An implementation is called for several deliveries at once, unless it is registered otherwise, from the request's
/// scope. What it is handed was verified; it may be a payload that is not an event, which then is to be put aside, not
/// tried for ever.
/// </remarks>
public interface IWebhookInbox
{
    /// <summary>
    /// Stores a delivery under its webhook id. It is answered 200 when this has ended, so it has to be safe by then; where
    /// this throws, it is answered 503, and OpenAI delivers again. Storing the same id a second time is a success, and
    /// stores nothing.
    /// </summary>
    /// <param name="webhookId">The <c>webhook-id</c>: the same at every attempt to deliver the event.</param>
    /// <param name="timestamp">When this attempt was made.</param>
    /// <param name="payload">The body's bytes, as they were verified. They stay as they are.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the application's own request timeout says so, or the host's shutdown deadline passes; not when the
    /// sender leaves.
    /// </param>
    /// <returns>A task that ends when the delivery is stored.</returns>
    Task StoreAsync(string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);
}
