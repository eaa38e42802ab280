using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Reads and writes a time as a JSON number of Unix seconds. It is public only because source-generated contexts of
/// other assemblies must call its constructor.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class UnixSecondsConverter : JsonConverter<DateTimeOffset>
{
    private const long MinSeconds = -62_135_596_800;
    private const long MaxSeconds = 253_402_300_799;

    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeSeconds(0);

    /// <summary>Reads a number of Unix seconds. A fraction is kept down to 100 nanoseconds.</summary>
    /// <param name="reader">The reader, at the number.</param>
    /// <param name="typeToConvert">Not used.</param>
    /// <param name="options">Not used: a number in a string is rejected with any options.</param>
    /// <returns>The time, in UTC.</returns>
    /// <exception cref="JsonException">Not a number, or not in the years 1 to 9999.</exception>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return Read(ref reader, "$");
        }
        catch (PayloadException exception)
        {
            throw exception.Within();
        }
    }

    /// <summary>Writes the number of Unix seconds: an integer if there is no fraction.</summary>
    /// <param name="writer">The writer. Must not be null.</param>
    /// <param name="value">The time, in any offset.</param>
    /// <param name="options">Not used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> is null.</exception>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        _ = writer ?? throw new ArgumentNullException(nameof(writer));
        Write(writer, value);
    }

    internal static void Write(Utf8JsonWriter writer, DateTimeOffset value)
    {
        long ticks = value.UtcTicks - Epoch.Ticks;
        // Stryker disable once Arithmetic : the second branch handles every time; the first is only faster.
        if (ticks % TimeSpan.TicksPerSecond == 0)
        {
            writer.WriteNumberValue(ticks / TimeSpan.TicksPerSecond);
        }
        else
        {
            writer.WriteNumberValue(ticks / (decimal)TimeSpan.TicksPerSecond);
        }
    }

    internal static DateTimeOffset Read(ref Utf8JsonReader reader, string path)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            throw PayloadException.WrongType(path, "a number of Unix seconds", reader.TokenType);
        }

        // Stryker disable once Equality : the second way reads every number, the first is faster.
        return reader.TryGetInt64(out long seconds) && seconds is >= MinSeconds and <= MaxSeconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : ToTime(reader.TryGetDecimal(out decimal number) ? number : null, path);
    }

    /// <summary>
    /// Converts a number of Unix seconds to a time; null means a number outside the range of <c>decimal</c>.
    /// </summary>
    internal static DateTimeOffset ToTime(decimal? seconds, string path)
        => seconds is > MinSeconds - 1 and < MaxSeconds + 1 and { } number
        && (long)(number * TimeSpan.TicksPerSecond) is >= MinSeconds * TimeSpan.TicksPerSecond and var ticks
            ? Epoch.AddTicks(ticks)
            : throw PayloadException.At(path, "is out of range: Unix seconds must be within the years 1 to 9999");
}
