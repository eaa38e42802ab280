using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// An event that OpenAI delivered to a webhook. This record is the envelope that every event has. The derived record's
/// type says what happened; <see langword="switch"/> on it.
/// </summary>
/// <remarks>
/// Events are immutable, safe to share between threads, and equal when their content is equal. The source of their
/// fields is the Webhooks page of OpenAI's API reference.
/// </remarks>
[JsonConverter(typeof(WebhookEventConverter<WebhookEvent>))]
public abstract record WebhookEvent
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private protected WebhookEvent(string type) => Type = type;

    /// <summary>
    /// The event's id, such as <c>evt_685c059ae3a481909bdc86819b066fb6</c>. Never null. To recognize a repeated
    /// delivery, use the <c>webhook-id</c> header instead.
    /// </summary>
    [JsonPropertyName("id"), JsonPropertyOrder(-3)]
    public required string Id { get; init; }

    /// <summary>
    /// <c>event</c>, including in events that your code creates. Null if the payload had no <c>object</c>; it is then
    /// omitted when writing.
    /// </summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The name in the wire format. The other SDKs use it too.")]
    [JsonPropertyName("object"), JsonPropertyOrder(-2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Object { get; init; } = "event";

    /// <summary>
    /// When the reported change happened, such as when a batch was cancelled. On the wire it is a number of Unix
    /// seconds; fractions are kept down to 100 nanoseconds.
    /// </summary>
    [JsonPropertyName("created_at"), JsonPropertyOrder(-1), JsonConverter(typeof(UnixSecondsConverter))]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The event's type as the wire spells it, such as <c>response.completed</c>. Never null. The known ones are
    /// constants in <see cref="WebhookEventTypes"/>.
    /// </summary>
    [JsonIgnore]
    public string Type { get; }

    /// <summary>Reads an event of any type from a payload.</summary>
    /// <example>
    /// <code>
    /// string what = WebhookEvent.Parse(json) switch
    /// {
    ///     ResponseCompletedWebhookEvent completed =&gt; $"fetch {completed.Data.Id}",
    ///     BatchWebhookEvent batch =&gt; $"{batch.Type}: {batch.Data.Id}",
    ///     var other =&gt; other.Type,
    /// };
    /// </code>
    /// </example>
    /// <param name="json">The payload. Must not be null. A byte order mark in front is skipped.</param>
    /// <returns>The event; an <see cref="UnknownWebhookEvent"/> if its type is newer than this version.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    /// <exception cref="JsonException">
    /// The payload is not an event: it is not JSON, not an object or not valid Unicode, or a required field is missing,
    /// null, repeated or of the wrong JSON type. The message says what is wrong.
    /// </exception>
    public static WebhookEvent Parse([StringSyntax(StringSyntaxAttribute.Json)] string json) => Parse(ToUtf8(json));

    /// <summary>Reads an event of any type from a payload.</summary>
    /// <param name="utf8Json">The payload as it was received, in UTF-8. A byte order mark in front is skipped.</param>
    /// <returns>The event; an <see cref="UnknownWebhookEvent"/> if its type is newer than this version.</returns>
    /// <exception cref="JsonException">
    /// The payload is not an event: it is not JSON, not an object or not valid UTF-8, or a required field is missing,
    /// null, repeated or of the wrong JSON type. The message says what is wrong.
    /// </exception>
    public static WebhookEvent Parse(ReadOnlySpan<byte> utf8Json) => WebhookEventReader.ReadPayload(utf8Json);

    /// <summary>Reads an event of one type, or of one family, from a payload.</summary>
    /// <typeparam name="TEvent">The event's record, its family's, or <see cref="UnknownWebhookEvent"/>.</typeparam>
    /// <param name="json">The payload. Must not be null. A byte order mark in front is skipped.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    /// <exception cref="JsonException">
    /// The payload is an event of another type (the message names both), or not an event at all, as for
    /// <see cref="Parse(string)"/>.
    /// </exception>
    public static TEvent Parse<TEvent>([StringSyntax(StringSyntaxAttribute.Json)] string json)
        where TEvent : WebhookEvent
        => Parse<TEvent>(ToUtf8(json));

    /// <summary>Reads an event of one type, or of one family, from a payload.</summary>
    /// <typeparam name="TEvent">The event's record, its family's, or <see cref="UnknownWebhookEvent"/>.</typeparam>
    /// <param name="utf8Json">The payload as it was received, in UTF-8. A byte order mark in front is skipped.</param>
    /// <returns>The event.</returns>
    /// <exception cref="JsonException">
    /// The payload is an event of another type (the message names both), or not an event at all, as for
    /// <see cref="Parse(ReadOnlySpan{byte})"/>.
    /// </exception>
    public static TEvent Parse<TEvent>(ReadOnlySpan<byte> utf8Json)
        where TEvent : WebhookEvent
        => WebhookEventReader.Expect<TEvent>(Parse(utf8Json));

    /// <summary>Writes the event in OpenAI's wire format, with <c>type</c>.</summary>
    /// <returns>
    /// The JSON. An <see cref="UnknownWebhookEvent"/> is written unchanged; any other event is written without
    /// insignificant white space. <see cref="Parse(string)"/> reads it back as an equal event.
    /// </returns>
    /// <exception cref="NotSupportedException">
    /// The event's record is derived from a record of this library, so it has no wire format.
    /// </exception>
    public string ToJson() => JsonSerializer.Serialize(this, WebhookJsonContext.Default.WebhookEvent);

    /// <summary>
    /// Writes the event in OpenAI's wire format. Only the records of this library have a wire format.
    /// </summary>
    internal abstract void WriteTo(Utf8JsonWriter writer);

    /// <summary>
    /// Adds the members to the text of <see cref="object.ToString"/>, in the same format for every culture.
    /// </summary>
    /// <param name="builder">The builder to append to.</param>
    /// <returns>True: there are members.</returns>
    protected virtual bool PrintMembers(StringBuilder builder)
    {
        _ = builder ?? throw new ArgumentNullException(nameof(builder));
        builder.Append("Id = ").Append(Id)
            .Append(", Object = ").Append(Object)
            .Append(", CreatedAt = ").Append(
                CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture))
            .Append(", Type = ").Append(Type);
        return true;
    }

    // The attributes are .NET's own. System.Text.Json ignores them. Newtonsoft.Json, which would lose the type,
    // created_at and all of an unknown event, does not.
    [OnSerializing]
    private void RefuseToBeWritten(StreamingContext context) => throw OtherSerializer();

    [OnDeserializing]
    private void RefuseToBeRead(StreamingContext context) => throw OtherSerializer();

    private static NotSupportedException OtherSerializer()
        => new("This serializer does not know the wire format of OpenAI's events. Write them with ToJson(), and read "
            + "them with WebhookEvent.Parse, or use System.Text.Json.");

    private static byte[] ToUtf8(string json)
    {
        try
        {
            return StrictUtf8.GetBytes(json ?? throw new ArgumentNullException(nameof(json)));
        }
        catch (EncoderFallbackException)
        {
            throw PayloadException.InvalidText("$");
        }
    }
}
