using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// A webhook is authentic, and its payload is not an event that this version can read. It has what is needed to put the
/// delivery aside: OpenAI sends it again for 72 hours, and the payload can be read once it is understood.
/// </summary>
/// <remarks>The message says what is wrong and where, and quotes nothing of the payload.</remarks>
[SuppressMessage("Design", "CA1032", Justification = "It is always raised with the delivery that it is about.")]
public sealed class UnreadableWebhookException : JsonException
{
    /// <summary>Makes an exception for a delivery.</summary>
    /// <param name="problem">Why the payload is not an event. Must not be null; its message and path become this one's.</param>
    /// <param name="webhookId">The delivery's <c>webhook-id</c>. Must not be null.</param>
    /// <param name="timestamp">When this attempt was made.</param>
    /// <param name="payload">The body's bytes, as they were verified.</param>
    /// <exception cref="ArgumentNullException"><paramref name="problem"/> or <paramref name="webhookId"/> is null.</exception>
    public UnreadableWebhookException(JsonException problem, string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
        : base((problem ?? throw new ArgumentNullException(nameof(problem))).Message, problem.Path, problem.LineNumber, problem.BytePositionInLine, problem)
    {
        WebhookId = webhookId ?? throw new ArgumentNullException(nameof(webhookId));
        Timestamp = timestamp;
        Payload = payload;
    }

    /// <summary>The <c>webhook-id</c>, the same at every attempt to deliver the event. Never null.</summary>
    public string WebhookId { get; }

    /// <summary>When this attempt was made, to the second; a later attempt has another.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The body's bytes as they were verified: the memory handed to the verifier, not a copy.</summary>
    public ReadOnlyMemory<byte> Payload { get; }
}
