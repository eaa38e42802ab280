using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// Walks the members of one JSON object: each known one at most once, all text valid Unicode, and every error with the
/// path of its member. The members have to be asked for in the same order each time round, as a chain of || does.
/// </summary>
internal struct ObjectReader
{
    private readonly string _path;
    private readonly int _index;
    private bool _isPlainName;
    private int _asked;
    private int _seen;

    private ObjectReader(string path, int index)
    {
        _path = path;
        _index = index;
    }

    /// <summary>Enters the object that the reader stands on.</summary>
    /// <param name="reader">The reader, at the start of the object.</param>
    /// <param name="path">The path of the object, or of the array it is in.</param>
    /// <param name="index">The object's place in that array, or -1 where it is in none.</param>
    public static ObjectReader Enter(ref Utf8JsonReader reader, string path, int index = -1)
    {
        var members = new ObjectReader(path, index);
        return reader.TokenType == JsonTokenType.StartObject
            ? members
            : throw PayloadError.WrongType(members.Path(), "an object", reader.TokenType);
    }

    /// <summary>Reads the <c>data</c> of which only a required <c>id</c> matters.</summary>
    public static string ReadId(ref Utf8JsonReader reader) => ReadSingle(ref reader, "$.data", "id"u8);

    /// <summary>Reads an object of which only one required string matters.</summary>
    public static string ReadSingle(ref Utf8JsonReader reader, string path, ReadOnlySpan<byte> name)
    {
        string? value = null;
        var members = Enter(ref reader, path);
        while (members.Next(ref reader))
        {
            _ = members.TryRead(ref reader, name, ref value) || members.Skip(ref reader);
        }

        return members.Require(value, name);
    }

    /// <summary>Moves to the name of the next member; false at the end of the object.</summary>
    public bool Next(ref Utf8JsonReader reader)
    {
        reader.Read();
        _asked = 0;
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            return false;
        }

        if (reader.ValueIsEscaped)
        {
            RefuseInvalidText(ref reader);
        }

        _isPlainName = !reader.ValueIsEscaped && !reader.HasValueSequence;
        return true;
    }

    /// <summary>Whether the member has this name; if so, moves to its value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // The name is a constant at every call, which makes the comparison cheap.
    public bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        int member = 1 << _asked++;
        return (_isPlainName ? reader.ValueSpan.SequenceEqual(name) : reader.ValueTextEquals(name))
            && MoveToValue(ref reader, name, member);
    }

    /// <summary>Reads the member's value, a string, if it has this name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref string? value)
    {
        if (!Is(ref reader, name))
        {
            return false;
        }

        value = ReadString(ref reader, name);
        return true;
    }

    /// <summary>Reads the member's value, a string or null, if it has this name.</summary>
    public bool TryReadOptional(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref string? value)
    {
        if (!Is(ref reader, name))
        {
            return false;
        }

        value = ReadOptional(ref reader, name);
        return true;
    }

    public readonly string ReadString(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw PayloadError.WrongType(Path(name), "a string", reader.TokenType);
        }

#if NET8_0_OR_GREATER
        // The usual text is ASCII, and half as dear to decode when that is known.
        if (!reader.ValueIsEscaped && !reader.HasValueSequence && Ascii.IsValid(reader.ValueSpan))
        {
            return Encoding.Latin1.GetString(reader.ValueSpan);
        }
#endif
        return Decode(ref reader, name);
    }

    public readonly string? ReadOptional(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
        => reader.TokenType == JsonTokenType.Null ? null : ReadString(ref reader, name);

    /// <summary>Passes over the member, name and value.</summary>
    /// <returns>True, to end a chain of || with.</returns>
    public readonly bool Skip(ref Utf8JsonReader reader)
    {
        RefuseInvalidText(ref reader);
        reader.Read();
        SkipValue(ref reader);
        return true;
    }

    /// <summary>Passes over the value that the reader stands on.</summary>
    public readonly void SkipValue(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        do
        {
            RefuseInvalidText(ref reader);
        }
        while ((reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || reader.CurrentDepth > depth)
            && reader.Read());
    }

    public readonly T Require<T>(T? value, ReadOnlySpan<byte> name)
        where T : class
        => value ?? throw Missing(name);

    public readonly T Require<T>(T? value, ReadOnlySpan<byte> name)
        where T : struct
        => value ?? throw Missing(name);

    private bool MoveToValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, int member)
    {
        if ((_seen & member) != 0)
        {
            throw PayloadError.At(Path(name), "occurs more than once");
        }

        _seen |= member;
        reader.Read();
        return true;
    }

    private readonly string Decode(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw PayloadError.At(Path(name), "holds text that is not valid Unicode");
        }
    }

    private readonly JsonException Missing(ReadOnlySpan<byte> name) => PayloadError.At(Path(name), "is missing");

    private readonly void RefuseInvalidText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !HasValidText(ref reader))
        {
            throw PayloadError.At($"a member of {Path()}", "holds text that is not valid Unicode");
        }
    }

    private static bool HasValidText(ref Utf8JsonReader reader)
    {
#if NET8_0_OR_GREATER
        if (!reader.ValueIsEscaped && !reader.HasValueSequence)
        {
            return Ascii.IsValid(reader.ValueSpan) || System.Text.Unicode.Utf8.IsValid(reader.ValueSpan);
        }
#endif
        try
        {
            reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private readonly string Path() => _index < 0 ? _path : $"{_path}[{_index}]";

    private readonly string Path(ReadOnlySpan<byte> name) => $"{Path()}.{Encoding.UTF8.GetString(name.ToArray())}";
}
