using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>One header of a SIP INVITE: untrusted, and often with a phone number in its value.</summary>
/// <param name="Name">The header's name as it was sent, such as <c>From</c>. Never null.</param>
/// <param name="Value">The header's value as it was sent. Never null. Left out by <see cref="object.ToString"/>.</param>
public sealed record SipHeader(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("value")] string Value)
{
    /// <summary>The header's name, without its value.</summary>
    /// <returns>Such as <c>SipHeader { Name = From }</c>.</returns>
    public override string ToString() => $"{nameof(SipHeader)} {{ {nameof(Name)} = {Name} }}";

    internal static SipHeader Read(ref Utf8JsonReader reader, string path, int index)
    {
        string? name = null;
        string? value = null;

        var header = ObjectReader.Enter(ref reader, path, index);
        while (header.Next(ref reader))
        {
            _ = header.TryRead(ref reader, "name"u8, ref name)
                || header.TryRead(ref reader, "value"u8, ref value)
                || header.Skip(ref reader);
        }

        return new(header.Require(name, "name"u8), header.Require(value, "value"u8));
    }
}
