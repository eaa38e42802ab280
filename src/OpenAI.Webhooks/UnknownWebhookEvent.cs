using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An event whose type is newer than this version of the library. Nothing of it is lost: its payload is kept whole,
/// and written back as it came.
/// </summary>
/// <remarks>
/// The envelope's <see cref="WebhookEvent.Id"/> and <see cref="WebhookEvent.CreatedAt"/> are required here as of any
/// event. A copy made by <see langword="with"/> keeps the payload it was made from.
/// </remarks>
[JsonConverter(typeof(WebhookEventConverter<UnknownWebhookEvent>))]
public sealed record UnknownWebhookEvent : WebhookEvent
{
    internal UnknownWebhookEvent(string type, JsonElement payload)
        : base(type)
        => Payload = payload;

    /// <summary>
    /// The whole payload, envelope included: an object. It owns its memory and needs no disposal.
    /// </summary>
    public JsonElement Payload { get; }

    /// <summary>Whether the other event has the same content, however its payload is formatted.</summary>
    /// <param name="other">The event to compare with, or null.</param>
    /// <returns>True where both payloads hold the same values.</returns>
    public bool Equals(UnknownWebhookEvent? other)
        => ReferenceEquals(this, other)
            || (base.Equals(other) && JsonElement.DeepEquals(Payload, other!.Payload));

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    // The payload stays out of ToString: nobody knows what a newer event holds, and phone numbers may be among it.
    /// <inheritdoc/>
    protected override bool PrintMembers(StringBuilder builder) => base.PrintMembers(builder);
}
