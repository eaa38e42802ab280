using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Reads and writes <see cref="SipHeaders"/> as an array of names and values. It is public only because
/// source-generated contexts of other assemblies have to call its constructor.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class SipHeadersConverter : JsonConverter<SipHeaders>
{
    /// <summary>Reads the headers.</summary>
    /// <param name="reader">The reader, at the start of the array.</param>
    /// <param name="typeToConvert">Not used.</param>
    /// <param name="options">Not used.</param>
    /// <returns>The headers; never null.</returns>
    /// <exception cref="JsonException">Not an array of objects, each with a name and a value.</exception>
    public override SipHeaders Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return SipHeaders.Of(ObjectReader.ReadList(ref reader, "$", SipHeader.Read));
        }
        catch (PayloadException exception)
        {
            throw exception.Within();
        }
    }

    /// <summary>Writes the headers, in order.</summary>
    /// <param name="writer">The writer. Must not be null.</param>
    /// <param name="value">The headers. Must not be null.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public override void Write(Utf8JsonWriter writer, SipHeaders value, JsonSerializerOptions options)
    {
        _ = writer ?? throw new ArgumentNullException(nameof(writer));
        writer.WriteStartArray();
        foreach (var header in value ?? throw new ArgumentNullException(nameof(value)))
        {
            header.WriteTo(writer);
        }

        writer.WriteEndArray();
    }
}
