using System.Diagnostics;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// A verified delivery for an <see cref="IWebhookInbox"/>: the data that a queue must store, and the data it may route
/// by. Immutable, unless the payload's memory is changed.
/// </summary>
/// <remarks>
/// <see cref="ToJson"/> and <see cref="Parse"/> turn it into text and back, for queues whose messages have a body.
/// System.Text.Json does the same. Newtonsoft.Json would lose the payload, so it gets a
/// <see cref="NotSupportedException"/>. The payload is not a property, so that loggers that destructure objects do not
/// print it.
/// </remarks>
[JsonConverter(typeof(WebhookMessageConverter))]
public sealed class WebhookMessage
{
    private const int MaxKeyLength = 100;

    private readonly ReadOnlyMemory<byte> _payload;

    /// <summary>Creates a message for a delivery that was verified.</summary>
    /// <param name="webhookId">The <c>webhook-id</c>. Must not be null.</param>
    /// <param name="timestamp">When this attempt was made.</param>
    /// <param name="payload">The body's bytes, as they were verified. They are not copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="webhookId"/> is null.</exception>
    public WebhookMessage(string webhookId, DateTimeOffset timestamp, ReadOnlyMemory<byte> payload)
    {
        WebhookId = webhookId ?? throw new ArgumentNullException(nameof(webhookId));
        Timestamp = timestamp;
        _payload = payload;
    }

    /// <summary>The <c>webhook-id</c>: the same at every attempt to deliver the event. Never null.</summary>
    public string WebhookId { get; }

    /// <summary>When this attempt was made, to the second.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>
    /// The key to store the delivery under, at most 100 characters long. It is the webhook id if that consists of
    /// lower-case letters, digits, hyphens and underscores, as OpenAI's ids do; otherwise it is a hash. Copies of a
    /// delivery have the same key. Deliveries of other registrations, or to other paths of the same registration, have
    /// different keys. Never null.
    /// </summary>
    public string Key
        => Name.Length == 0 && Path.Length == 0 && WebhookId.Length <= MaxKeyLength && WebhookId.All(IsPlain)
        ? WebhookId
        : $"sha256-{HashOf($"{Name}\n{Path}\n{WebhookId}")}";

    /// <summary>The name given to <c>AddOpenAIWebhooks</c>; empty if it was given none. Never null.</summary>
    public string Name { get; init; } = "";

    /// <summary>The event's type, such as <c>response.completed</c>; null if the payload is not an event.</summary>
    public string? EventType { get; init; }

    /// <summary>The event's id, such as <c>evt_abc123</c>; null if the payload is not an event.</summary>
    public string? EventId { get; init; }

    /// <summary>The W3C <c>traceparent</c> of the request; null if it was not traced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> of the request; null if there is none.</summary>
    public string? TraceState { get; init; }

    /// <summary>The requested path, if the registration has several endpoints; otherwise empty.</summary>
    internal string Path { get; private init; } = "";

    internal ActivityContext TraceContext
        => ActivityContext.TryParse(TraceParent, TraceState, isRemote: true, out var context) ? context : default;

    /// <summary>Restores a message from its text.</summary>
    /// <param name="json">The result of <see cref="ToJson"/>. Must not be null.</param>
    /// <returns>The message.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    /// <exception cref="JsonException">The text is not a serialized message.</exception>
    public static WebhookMessage Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            return FromElement(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw NotAMessage(exception);
        }
    }

    /// <exception cref="JsonException">The JSON is not a serialized message.</exception>
    internal static WebhookMessage FromElement(JsonElement message)
    {
        try
        {
            return new(
                message.GetProperty("webhook_id").GetString()!,
                DateTimeOffset.FromUnixTimeSeconds(message.GetProperty("timestamp").GetInt64()),
                message.GetProperty("payload").GetBytesFromBase64())
            {
                Name = Text(message, "name") ?? "",
                Path = Text(message, "path") ?? "",
                EventType = Text(message, "event_type"),
                EventId = Text(message, "event_id"),
                TraceParent = Text(message, "traceparent"),
                TraceState = Text(message, "tracestate"),
            };
        }
        catch (Exception exception) when (
            exception is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw NotAMessage(exception);
        }
    }

    /// <summary>Gets the body's bytes, as they were verified.</summary>
    /// <returns>The memory passed to the constructor, not a copy.</returns>
    public ReadOnlyMemory<byte> GetPayload() => _payload;

    /// <summary>
    /// Writes the whole message as text, with the payload in base64. The text exposes the payload's content.
    /// </summary>
    /// <returns>JSON, which <see cref="Parse"/> reads.</returns>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>The webhook id and the event's type, without the payload.</summary>
    /// <returns>For example, <c>WebhookMessage wh_685c059a… (response.completed)</c>.</returns>
    public override string ToString()
        => $"{nameof(WebhookMessage)} {WebhookId} ({EventType ?? "unreadable"})";

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("webhook_id"u8, WebhookId);
        writer.WriteNumber("timestamp"u8, Timestamp.ToUnixTimeSeconds());
        Write(writer, "name", Name);
        Write(writer, "path", Path);
        Write(writer, "event_type", EventType);
        Write(writer, "event_id", EventId);
        Write(writer, "traceparent", TraceParent);
        Write(writer, "tracestate", TraceState);
        writer.WriteBase64String("payload"u8, _payload.Span);
        writer.WriteEndObject();
    }

    private static string HashOf(string text)
        => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text))).ToLowerInvariant();

    internal WebhookMessage With(string name, string path, string? traceParent, string? traceState)
        => new(WebhookId, Timestamp, _payload)
        {
            EventType = EventType,
            EventId = EventId,
            Name = name,
            Path = path,
            TraceParent = traceParent,
            TraceState = traceState,
        };

    [OnSerializing]
    private void RefuseToBeWritten(StreamingContext context) => throw OtherSerializer();

    [OnDeserializing]
    private void RefuseToBeRead(StreamingContext context) => throw OtherSerializer();

    private static NotSupportedException OtherSerializer()
        => new($"This serializer knows only properties, so it would lose the payload of the {nameof(WebhookMessage)}. "
            + $"Store the result of {nameof(ToJson)}(), and read it with {nameof(Parse)}, instead.");

    private static bool IsPlain(char character)
        => character is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_';

    // No inner exception: its message could quote the text.
    private static JsonException NotAMessage(Exception exception)
        => new($"The text is not a serialized {nameof(WebhookMessage)} ({exception.GetType().Name}).");

    private static string? Text(JsonElement message, string name)
        => message.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            writer.WriteString(name, value);
        }
    }
}
