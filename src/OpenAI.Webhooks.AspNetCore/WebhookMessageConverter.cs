using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Reads and writes a <see cref="WebhookMessage"/> in the format of <see cref="WebhookMessage.ToJson"/>. It is public
/// only because source-generated contexts in other assemblies must call its constructor.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WebhookMessageConverter : JsonConverter<WebhookMessage>
{
    /// <summary>Reads a message.</summary>
    /// <param name="reader">The reader, at the start of the message.</param>
    /// <param name="typeToConvert">Not used.</param>
    /// <param name="options">Not used.</param>
    /// <returns>The message; never null.</returns>
    /// <exception cref="JsonException">The JSON is not a serialized message.</exception>
    public override WebhookMessage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => WebhookMessage.FromElement(JsonElement.ParseValue(ref reader));

    /// <summary>Writes a message.</summary>
    /// <param name="writer">The writer. Must not be null.</param>
    /// <param name="value">The message. Must not be null.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public override void Write(Utf8JsonWriter writer, WebhookMessage value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        value.WriteTo(writer);
    }
}
