using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks;

/// <summary>
/// Walks the members of one JSON object. Each known member occurs at most once, all text is valid Unicode, and every
/// error names the path of its member.
/// </summary>
/// <remarks>
/// Each known member has its own place number from 0 to 63, which detects a repeated member.
/// </remarks>
internal struct ObjectReader
{
    private const int UsualCount = 16;

    private readonly string _path;
    private readonly int _index;
    private bool _isPlainName;
    private ulong _seen;

    private ObjectReader(string path, int index)
    {
        _path = path;
        _index = index;
    }

    /// <summary>Reads an item of a list; the path is the list's.</summary>
    public delegate T ReadItem<T>(ref Utf8JsonReader reader, string path, int index);

    /// <summary>Enters the object at the reader's position.</summary>
    /// <param name="reader">The reader, at the start of the object.</param>
    /// <param name="path">The path of the object, or of the array it is in.</param>
    /// <param name="index">The object's index in that array, or -1 if it is not in an array.</param>
    public static ObjectReader Enter(ref Utf8JsonReader reader, string path, int index = -1)
    {
        var members = new ObjectReader(path, index);
        return reader.TokenType == JsonTokenType.StartObject
            ? members
            : throw PayloadException.WrongType(members.Path(), "an object", reader.TokenType);
    }

    /// <summary>Reads <c>data</c> that has only one relevant member, a required <c>id</c>.</summary>
    public static string ReadId(ref Utf8JsonReader reader) => ReadSingle(ref reader, "$.data", "id"u8);

    /// <summary>Reads an object that has only one relevant member, a required string.</summary>
    public static string ReadSingle(ref Utf8JsonReader reader, string path, ReadOnlySpan<byte> name)
    {
        string? value = null;
        var members = Enter(ref reader, path);
        while (members.Next(ref reader))
        {
            _ = members.TryRead(ref reader, 0, name, ref value) || members.Skip(ref reader);
        }

        return members.Require(value, name);
    }

    /// <summary>Reads the list that the reader stands on.</summary>
    public static T[] ReadList<T>(ref Utf8JsonReader reader, string path, ReadItem<T> readItem)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw PayloadException.WrongType(path, "an array", reader.TokenType);
        }

        var items = new List<T>(UsualCount);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(readItem(ref reader, path, items.Count));
        }

        return items.ToArray();
    }

    /// <summary>Moves to the name of the next member; false at the end of the object.</summary>
    public bool Next(ref Utf8JsonReader reader)
    {
        reader.Read();
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
    // The name is a constant at every call, which makes the comparison cheap.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name)
        // Stryker disable once Conditional : the second branch handles every name; the first is only faster.
        => (_isPlainName ? reader.ValueSpan.SequenceEqual(name) : reader.ValueTextEquals(name))
            && MoveToValue(ref reader, place, name);

    /// <summary>Reads the member's value, a string, if it has this name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref string? value)
        => Is(ref reader, place, name) && Assign(ref value, ReadString(ref reader, name));

    /// <summary>Reads the member's value, a string or null, if it has this name.</summary>
    public bool TryReadOptional(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref string? value)
        => Is(ref reader, place, name) && (IsNull(ref reader) || Assign(ref value, ReadString(ref reader, name)));

    /// <summary>Reads the member's value, an integer, if it has this name.</summary>
    public bool TryRead(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref long? value)
        => Is(ref reader, place, name) && Assign(ref value, ReadInteger(ref reader, name));

    /// <summary>Reads the member's value, an integer or null, if it has this name.</summary>
    public bool TryReadOptional(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref long? value)
        => Is(ref reader, place, name) && (IsNull(ref reader) || Assign(ref value, ReadInteger(ref reader, name)));

    /// <summary>Reads the member's value, a boolean, if it has this name.</summary>
    public bool TryRead(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref bool? value)
        => Is(ref reader, place, name) && Assign(ref value, ReadBoolean(ref reader, name));

    /// <summary>Reads the member's value, a boolean or null, if it has this name.</summary>
    public bool TryReadOptional(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref bool? value)
        => Is(ref reader, place, name) && (IsNull(ref reader) || Assign(ref value, ReadBoolean(ref reader, name)));

    /// <summary>Reads the member's value, a list, if it has this name.</summary>
    public bool TryRead<T>(
        ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref T[]? items, ReadItem<T> readItem)
        => Is(ref reader, place, name) && Assign(ref items, ReadList(ref reader, Path(name), readItem));

    /// <summary>Reads the member's value, a list or null, if it has this name.</summary>
    public bool TryReadOptional<T>(
        ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name, ref T[]? items, ReadItem<T> readItem)
        => Is(ref reader, place, name)
        && (IsNull(ref reader) || Assign(ref items, ReadList(ref reader, Path(name), readItem)));

    /// <summary>Reads an item of a list of strings.</summary>
    public static string ReadString(ref Utf8JsonReader reader, string path, int index)
        => new ObjectReader(path, index).ReadString(ref reader, name: default);

    public readonly string ReadString(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw PayloadException.WrongType(Path(name), "a string", reader.TokenType);
        }

#if NET
        // Most text is ASCII, which decodes twice as fast if that is known.
        // Stryker disable once Block : only faster.
        if (!reader.ValueIsEscaped && !reader.HasValueSequence && Ascii.IsValid(reader.ValueSpan))
        {
            return Encoding.Latin1.GetString(reader.ValueSpan);
        }
#endif
        return Decode(ref reader, name);
    }

    /// <summary>Skips the member, both name and value.</summary>
    /// <returns>True, to end a chain of || with.</returns>
    public readonly bool Skip(ref Utf8JsonReader reader)
    {
        RefuseInvalidText(ref reader);
        reader.Read();
        SkipValue(ref reader);

        // Stryker disable once Boolean : it ends a chain of || whose value is not used.
        return true;
    }

    /// <summary>Skips the value at the reader's position.</summary>
    public readonly void SkipValue(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        do
        {
            RefuseInvalidText(ref reader);
        }
        while (
            (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || reader.CurrentDepth > depth)
            && reader.Read());
    }

    public readonly T Require<T>(T? value, ReadOnlySpan<byte> name)
        where T : class
        => value ?? throw PayloadException.Missing(Path(name));

    public readonly T Require<T>(T? value, ReadOnlySpan<byte> name)
        where T : struct
        => value ?? throw PayloadException.Missing(Path(name));

    private static bool IsNull(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Null;

    private static bool Assign<T>(ref T target, T value)
    {
        target = value;
        return true;
    }

    private readonly long ReadInteger(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
        => reader.TokenType != JsonTokenType.Number ? throw PayloadException.WrongType(
            Path(name), "an integer", reader.TokenType)
            : reader.TryGetInt64(out long value) ? value
            : throw PayloadException.At(Path(name), "is a number, but a 64-bit integer is expected");

    private readonly bool ReadBoolean(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw PayloadException.WrongType(Path(name), "a boolean", reader.TokenType),
    };

    private bool MoveToValue(ref Utf8JsonReader reader, int place, ReadOnlySpan<byte> name)
    {
        ulong member = 1UL << place;
        if ((_seen & member) != 0)
        {
            throw PayloadException.Repeated(Path(name));
        }

        // Stryker disable once Assignment : the bit is 0 before, so that ^= is the same.
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
            throw PayloadException.InvalidText(Path(name));
        }
    }

    private readonly void RefuseInvalidText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !HasValidText(ref reader))
        {
            throw PayloadException.InvalidText($"{Path()}.*");
        }
    }

    private static bool HasValidText(ref Utf8JsonReader reader)
    {
#if NET
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

    private readonly string Path(ReadOnlySpan<byte> name)
        => name.IsEmpty ? Path() : $"{Path()}.{Encoding.UTF8.GetString(name.ToArray())}";
}
