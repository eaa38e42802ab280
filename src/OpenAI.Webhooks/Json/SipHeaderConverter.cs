using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Reads and writes a <see cref="SipHeader"/> as an object with a name and a value. It is public only because
/// source-generated contexts of other assemblies have to call its constructor.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class SipHeaderConverter : JsonConverter<SipHeader>
{
    /// <summary>Reads a header.</summary>
    /// <param name="reader">The reader, at the start of the object.</param>
    /// <param name="typeToConvert">Not used.</param>
    /// <param name="options">Not used.</param>
    /// <returns>The header; never null.</returns>
    /// <exception cref="JsonException">Not an object with a name and a value.</exception>
    public override SipHeader Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return SipHeader.Read(ref reader, "$");
        }
        catch (PayloadException exception)
        {
            throw exception.Within();
        }
    }

    /// <summary>Writes a header.</summary>
    /// <param name="writer">The writer. Must not be null.</param>
    /// <param name="value">The header. Must not be null.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public override void Write(Utf8JsonWriter writer, SipHeader value, JsonSerializerOptions options)
    {
        _ = writer ?? throw new ArgumentNullException(nameof(writer));
        (value ?? throw new ArgumentNullException(nameof(value))).WriteTo(writer);
    }
}
