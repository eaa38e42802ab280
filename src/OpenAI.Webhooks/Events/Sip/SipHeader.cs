using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>One header of a SIP INVITE. It is untrusted, and its value often contains a phone number.</summary>
/// <remarks>
/// The value is not a property, so that loggers that destructure objects do not print it.
/// </remarks>
[JsonConverter(typeof(SipHeaderConverter))]
public sealed record SipHeader
{
    private readonly string _value;

    /// <summary>Creates a header.</summary>
    /// <param name="name">The header's name, such as <c>From</c>. Must not be null.</param>
    /// <param name="value">The header's value. Must not be null.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public SipHeader(string name, string value)
    {
        Name = name ?? throw new ArgumentNullException(nameof(name));
        _value = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The header's name as it was sent, such as <c>From</c>. Never null.</summary>
    public string Name { get; }

    /// <summary>Gets the header's value as it was sent.</summary>
    /// <returns>The value; never null.</returns>
    public string GetValue() => _value;

    /// <summary>The header's name, without its value.</summary>
    /// <returns>Such as <c>SipHeader { Name = From }</c>.</returns>
    public override string ToString() => $"{nameof(SipHeader)} {{ {nameof(Name)} = {Name} }}";

    internal static SipHeader Read(ref Utf8JsonReader reader, string path, int index = -1)
    {
        string? name = null;
        string? value = null;

        var header = ObjectReader.Enter(ref reader, path, index);
        while (header.Next(ref reader))
        {
            _ = header.TryRead(ref reader, 0, "name"u8, ref name)
                || header.TryRead(ref reader, 1, "value"u8, ref value)
                || header.Skip(ref reader);
        }

        return new(header.Require(name, "name"u8), header.Require(value, "value"u8));
    }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, Name);
        writer.WriteString("value"u8, _value);
        writer.WriteEndObject();
    }
}
