using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// A webhook is authentic, but its payload is not an event that this version can read. The exception contains the data
/// needed to store the delivery for later: OpenAI stops sending it after 72 hours.
/// </summary>
/// <remarks>
/// The message says what is wrong and where, and does not quote the payload. The payload is not a property, so that
/// loggers that destructure exceptions do not print it.
/// </remarks>
[SuppressMessage("Design", "CA1032", Justification = "It is always created with the delivery that it describes.")]
public sealed class UnreadableWebhookException : JsonException
{
    private readonly ReadOnlyMemory<byte> _payload;

    /// <summary>Creates an exception for a delivery.</summary>
    /// <param name="cause">
    /// Why the payload is not an event. Must not be null; its message and path become this one's.
    /// </param>
    /// <param name="webhookId">The delivery's <c>webhook-id</c>. Must not be null.</param>
    /// <param name="timestamp">When this attempt was made.</param>
    /// <param name="payload">The body's bytes, as they were verified.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="cause"/> or <paramref name="webhookId"/> is null.
    /// </exception>
    public UnreadableWebhookException(
        JsonException cause, string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
        : base(
            (cause ?? throw new ArgumentNullException(nameof(cause))).Message,
            cause.Path,
            cause.LineNumber,
            cause.BytePositionInLine,
            cause)
    {
        WebhookId = webhookId ?? throw new ArgumentNullException(nameof(webhookId));
        Timestamp = timestamp;
        _payload = payload;
    }

    /// <summary>The <c>webhook-id</c>, the same at every attempt to deliver the event. Never null.</summary>
    public string WebhookId { get; }

    /// <summary>When this attempt was made, to the second. Later attempts have later timestamps.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>Gets the body's bytes as they were verified.</summary>
    /// <returns>The memory that the verifier was given, not a copy.</returns>
    public ReadOnlyMemory<byte> GetPayload() => _payload;
}
