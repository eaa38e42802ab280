using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// Reads events in one pass, with the same result as System.Text.Json with the attributes of
/// <see cref="UnwrapWebhookEvent"/>. It also accepts properties in any order, any options, and newer events, and reads
/// a small event in a third of the time.
/// </summary>
internal static class WebhookEventReader
{
    public static WebhookEvent ReadPayload(ReadOnlySpan<byte> utf8Json)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (utf8Json.StartsWith(byteOrderMark))
        {
            utf8Json = utf8Json.Slice(byteOrderMark.Length);
        }

        if (utf8Json.IsEmpty)
        {
            throw PayloadException.At("$", "is empty");
        }

        try
        {
            var reader = new Utf8JsonReader(utf8Json);
            reader.Read();
            if (ReadKnown(ref reader) is not { } known)
            {
                return ReadUnknown(JsonElement.Parse(utf8Json));
            }

            // If anything except white space follows the object, the reader itself throws.
            reader.Read();
            return known;
        }
        catch (JsonException exception) when (exception is not PayloadException)
        {
            throw PayloadException.NotJson(exception);
        }
    }

    /// <summary>Reads the event at the reader's position, and leaves the reader at the end of the event.</summary>
    public static WebhookEvent Read(ref Utf8JsonReader reader)
    {
        // A Utf8JsonReader is a value: a copy is a bookmark.
        var start = reader;
        if (ReadKnown(ref reader) is { } known)
        {
            return known;
        }

        reader = start;
        var payload = JsonElement.ParseValue(ref reader);
        var options = reader.CurrentState.Options;
        return ReadUnknown(options.AllowTrailingCommas || options.CommentHandling != JsonCommentHandling.Disallow
            ? WithoutExtras(payload)
            : payload);
    }

    /// <summary>Creates an event of unknown type from its payload, after the type was found.</summary>
    public static UnknownWebhookEvent ReadUnknown(JsonElement payload)
    {
        RefuseInvalidText(JsonMarshal.GetRawUtf8Value(payload));

        JsonElement? id = null;
        JsonElement? @object = null;
        JsonElement? createdAt = null;
        JsonElement? type = null;
        JsonElement? data = null;
        foreach (var member in payload.EnumerateObject())
        {
            _ = IsMember(member, "id"u8, ref id)
                || IsMember(member, "object"u8, ref @object)
                || IsMember(member, "created_at"u8, ref createdAt)
                || IsMember(member, "type"u8, ref type)
                || IsMember(member, "data"u8, ref data);
        }

        return new UnknownWebhookEvent(type!.Value.GetString()!, payload)
        {
            Id = ReadString(id, "$.id"),
            Object = @object is null or { ValueKind: JsonValueKind.Null } ? null : ReadString(@object, "$.object"),
            CreatedAt = createdAt switch
            {
                null => throw PayloadException.Missing("$.created_at"),
                { ValueKind: JsonValueKind.Number } number => UnixSecondsConverter.ToTime(
                    number.TryGetDecimal(out decimal seconds) ? seconds : null, "$.created_at"),
                { } other => throw PayloadException.WrongType(
                    "$.created_at", "a number of Unix seconds", TokenOf(other)),
            },
        };
    }

    /// <summary>Returns the event as the requested type.</summary>
    public static TEvent Expect<TEvent>(WebhookEvent webhookEvent)
        where TEvent : WebhookEvent
        => webhookEvent as TEvent
            ?? throw PayloadException.At(
                "$.type",
                $"is {Describe(webhookEvent.Type, webhookEvent.GetType())} where "
                + $"{Describe(KnownEvent.TypeOf(typeof(TEvent)), typeof(TEvent))} is expected");

    // Returns null as soon as the type turns out to be unknown. The reader is then in the middle of the object.
    private static WebhookEvent? ReadKnown(ref Utf8JsonReader reader, UnwrapWebhookEvent? blank = null)
    {
        var start = reader;
        string? id = null;
        string? @object = null;
        DateTimeOffset? createdAt = null;
        object? data = null;
        bool isDataSkipped = false;

        var envelope = ObjectReader.Enter(ref reader, "$");
        while (envelope.Next(ref reader))
        {
            if (envelope.Is(ref reader, 0, "id"u8))
            {
                id = envelope.ReadString(ref reader, "id"u8);
            }
            else if (envelope.Is(ref reader, 1, "object"u8))
            {
                @object = ReadObject(ref reader, envelope);
            }
            else if (envelope.Is(ref reader, 2, "created_at"u8))
            {
                createdAt = UnixSecondsConverter.Read(ref reader, "$.created_at");
            }
            else if (envelope.Is(ref reader, 3, "type"u8))
            {
                // For most values, the bytes are the text. Other values are empty or escaped, and cannot be an event
                // name. Stryker disable once NullCoalescing : the second way finds every name, the first is faster.
                blank = KnownEvent.FindBlank(reader.ValueSpan)
                    ?? KnownEvent.FindBlank(Encoding.UTF8.GetBytes(envelope.ReadString(ref reader, "type"u8)));
                if (blank is null)
                {
                    return null;
                }
            }
            else if (envelope.Is(ref reader, 4, "data"u8))
            {
                if (blank is not null)
                {
                    data = blank.ReadData(ref reader);
                }
                else
                {
                    envelope.SkipValue(ref reader);
                    isDataSkipped = true;
                }
            }
            else
            {
                envelope.Skip(ref reader);
            }
        }

        blank = envelope.Require(blank, "type"u8);
        if (isDataSkipped)
        {
            // The data came before the type: read again, now that the type is known.
            return ReadKnown(ref start, blank);
        }

        return blank.With(
            envelope.Require(id, "id"u8),
            @object,
            envelope.Require(createdAt, "created_at"u8),
            envelope.Require(data, "data"u8));
    }

    // "event" is the only value that OpenAI sends, so do not allocate a new string each time.
    private static string? ReadObject(ref Utf8JsonReader reader, in ObjectReader envelope)
        => reader.ValueSpan.SequenceEqual("event"u8) ? "event"
            : reader.TokenType == JsonTokenType.Null ? null
            : envelope.ReadString(ref reader, "object"u8);

    // If a type is too long for an event name, it is arbitrary text from the payload, so it is not quoted.
    private static string Describe(string? type, Type record)
        => type is { Length: <= 64 } ? $"'{type}' ({record.Name})" : record.Name;

    private static bool IsMember(in JsonProperty member, ReadOnlySpan<byte> name, ref JsonElement? value)
    {
        if (!member.NameEquals(name))
        {
            return false;
        }

        value = value is null ? member.Value : throw PayloadException.Repeated($"$.{member.Name}");

        // Stryker disable once Boolean : it cannot match another member either.
        return true;
    }

    private static string ReadString(JsonElement? value, string path) => value switch
    {
        null => throw PayloadException.Missing(path),
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => throw PayloadException.WrongType(path, "a string", TokenOf(other)),
    };

    private static JsonTokenType TokenOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonTokenType.StartObject,
        JsonValueKind.Array => JsonTokenType.StartArray,
        JsonValueKind.String => JsonTokenType.String,
        JsonValueKind.Number => JsonTokenType.Number,
        JsonValueKind.Null => JsonTokenType.Null,
        _ => JsonTokenType.True,
    };

    // Check all bytes at once. Only if that is not conclusive, check each text separately.
    private static void RefuseInvalidText(ReadOnlySpan<byte> payload)
    {
#if NET
        // Stryker disable once Block,Statement,Unary : only faster.
        if (System.Text.Unicode.Utf8.IsValid(payload) && payload.IndexOf("\\u"u8) == -1)
        {
            return;
        }
#endif
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = int.MaxValue });
        reader.Read();
        var envelope = ObjectReader.Enter(ref reader, "$");
        while (envelope.Next(ref reader))
        {
            envelope.Skip(ref reader);
        }
    }

    // Rewrite the same values as strict JSON; the options it was read with may allow more.
    private static JsonElement WithoutExtras(JsonElement payload)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = int.MaxValue,
        }))
        {
            payload.WriteTo(writer);
        }

        return JsonElement.Parse(buffer.ToArray(), new JsonDocumentOptions { MaxDepth = int.MaxValue });
    }
}
