using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An event whose type is newer than this version of the library. The whole payload is kept, and is written back
/// unchanged.
/// </summary>
/// <remarks>
/// <see cref="WebhookEvent.Id"/> and <see cref="WebhookEvent.CreatedAt"/> are required as in any event. A copy made
/// with <see langword="with"/> keeps the payload of the original. When the copy is written, its own envelope replaces
/// the envelope in that payload.
/// </remarks>
[JsonConverter(typeof(WebhookEventConverter<UnknownWebhookEvent>))]
public sealed record UnknownWebhookEvent : WebhookEvent
{
    internal UnknownWebhookEvent(string type, JsonElement payload)
        : base(type)
        => Payload = payload;

    /// <summary>
    /// Not callable: <c>UnknownWebhookEvent.Parse(json)</c> would return an event of any type.
    /// </summary>
    /// <param name="json">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(UnwrapWebhookEvent.UseParse, error: true), EditorBrowsable(EditorBrowsableState.Never)]
    public static new WebhookEvent Parse(string json) => throw new NotSupportedException(UnwrapWebhookEvent.UseParse);

    /// <summary>Not callable, as for text.</summary>
    /// <param name="utf8Json">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete(UnwrapWebhookEvent.UseParse, error: true), EditorBrowsable(EditorBrowsableState.Never)]
    public static new WebhookEvent Parse(ReadOnlySpan<byte> utf8Json)
        => throw new NotSupportedException(UnwrapWebhookEvent.UseParse);

    /// <summary>
    /// The whole payload as it was read, including the envelope. It is a JSON object, owns its memory, and needs no
    /// disposal.
    /// </summary>
    public JsonElement Payload { get; }

    /// <summary>Whether the other event has the same content, regardless of the formatting of its payload.</summary>
    /// <param name="other">The event to compare with, or null.</param>
    /// <returns>
    /// True if the envelopes are equal and the rest of the payloads have the same values. The order of members does not
    /// matter, nor does the notation of strings and numbers. If a number's exponent or the nesting is too large for
    /// <see cref="JsonElement.DeepEquals"/>, the values must have the same bytes.
    /// </returns>
    public bool Equals(UnknownWebhookEvent? other)
        => ReferenceEquals(this, other)
            || (base.Equals(other) && HaveSameContent(Payload, other!.Payload));

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    internal override void WriteTo(Utf8JsonWriter writer)
    {
        var read = WebhookEventReader.ReadUnknown(Payload);
        if (read.Id == Id && read.Object == Object && read.CreatedAt == CreatedAt)
        {
            WriteRaw(writer, Payload);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        if (Object is not null)
        {
            writer.WriteString("object"u8, Object);
        }

        writer.WritePropertyName("created_at"u8);
        UnixSecondsConverter.Write(writer, CreatedAt);
        writer.WriteString("type"u8, Type);
        foreach (var member in Content(Payload))
        {
            writer.WritePropertyName(member.Name);
            WriteRaw(writer, member.Value);
        }

        writer.WriteEndObject();
    }

    // The payload stays out of ToString: a newer event may hold phone numbers.
    /// <inheritdoc/>
    protected override bool PrintMembers(StringBuilder builder) => base.PrintMembers(builder);

    // The payload was validated when it was read. Validating again would fail if it is nested deeper than the writer's
    // options allow.
    private static void WriteRaw(Utf8JsonWriter writer, JsonElement value)
        => writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);

    private static IEnumerable<JsonProperty> Content(JsonElement payload)
        => payload.EnumerateObject().Where(member => member.Name is not ("id" or "object" or "created_at" or "type"));

    private static bool HaveSameContent(JsonElement left, JsonElement right)
    {
        // The sort is stable: members with the same name keep their order.
        var ours = Content(left).OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        var theirs = Content(right).OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        return ours.Count == theirs.Count
            && ours.Zip(
                theirs,
                (our, their) => our.Name == their.Name && AreEqual(our.Value, their.Value)).All(isEqual => isEqual);
    }

    private static bool AreEqual(JsonElement left, JsonElement right)
    {
        try
        {
            return JsonElement.DeepEquals(left, right);
        }
        catch (Exception exception) when (
            exception is ArgumentOutOfRangeException or InsufficientExecutionStackException)
        {
            // The exponent is out of range, or the nesting is too deep for the stack.
            return JsonMarshal.GetRawUtf8Value(left).SequenceEqual(JsonMarshal.GetRawUtf8Value(right));
        }
    }
}
