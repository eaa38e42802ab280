using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Reads and writes events with any <see cref="JsonSerializerOptions"/>. The records reference it in an attribute. It
/// is public only because source-generated contexts in other assemblies must call its constructor.
/// </summary>
/// <typeparam name="TEvent">The static type: the base, a family, or <see cref="UnknownWebhookEvent"/>.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WebhookEventConverter<TEvent> : JsonConverter<TEvent>
    where TEvent : WebhookEvent
{
    /// <summary>Reads an event, as <see cref="WebhookEvent.Parse{TEvent}(string)"/> does.</summary>
    /// <param name="reader">The reader, at the start of the event.</param>
    /// <param name="typeToConvert">Not used.</param>
    /// <param name="options">Not used: the wire format does not depend on options.</param>
    /// <returns>The event; never null.</returns>
    /// <exception cref="JsonException">The JSON is not an event, or is an event of another type.</exception>
    public override TEvent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        bool isPart = reader.CurrentDepth > 0;
        try
        {
            return WebhookEventReader.Expect<TEvent>(WebhookEventReader.Read(ref reader));
        }
        catch (PayloadException exception) when (isPart)
        {
            throw exception.Within();
        }
    }

    /// <summary>Writes an event, as <see cref="WebhookEvent.ToJson"/> does.</summary>
    /// <param name="writer">The writer. Must not be null.</param>
    /// <param name="value">The event. Must not be null.</param>
    /// <param name="options">Not used: the wire format does not depend on options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">
    /// The event's record is derived from one of this library's, which has no wire format.
    /// </exception>
    public override void Write(Utf8JsonWriter writer, TEvent value, JsonSerializerOptions options)
    {
        _ = writer ?? throw new ArgumentNullException(nameof(writer));
        (value ?? throw new ArgumentNullException(nameof(value))).WriteTo(writer);
    }
}
