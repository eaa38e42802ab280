using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// The reader on a record that is made up, with members of every kind that an event may come to have.
/// </summary>
public class ObjectReaderTests
{
    private const string Complete =
        """{"name":"n","count":3,"done":true,"tags":["a","b"],"limit":9,"open":false,"notes":["c"],"nick":"k"}""";

    [Fact]
    public void Read_every_member_gives_its_value()
        => Read(Complete).Should().BeEquivalentTo(new MadeUp("n", 3, true, ["a", "b"], 9, false, ["c"], "k"));

    [Theory]
    [InlineData("""{"name":"n","count":-9223372036854775808,"done":false,"tags":[]}""")]
    [InlineData(
        """
        {"name":"n","count":-9223372036854775808,"done":false,"tags":[],"limit":null,"open":null,"notes":null,
        "nick":null}
        """)]
    public void Read_optional_members_absent_or_null_are_null(string json)
        => Read(json).Should().BeEquivalentTo(new MadeUp("n", long.MinValue, false, [], null, null, null, null));

    [Theory]
    [InlineData("\"name\":\"n\"", "\"name\":1", "$.data.name is a number where a string is expected")]
    [InlineData("\"count\":3", "\"count\":\"3\"", "$.data.count is a string where an integer is expected")]
    [InlineData("\"count\":3", "\"count\":3.5", "$.data.count is a number, but a 64-bit integer is expected")]
    [InlineData("\"count\":3", "\"count\":9223372036854775808", "$.data.count is a number, but a 64-bit integer is "
        + "expected")]
    [InlineData("\"count\":3", "\"count\":null", "$.data.count is null where an integer is expected")]
    [InlineData("\"count\":3,", "", "$.data.count is missing")]
    [InlineData("\"done\":true", "\"done\":0", "$.data.done is a number where a boolean is expected")]
    [InlineData("\"done\":true", "\"done\":null", "$.data.done is null where a boolean is expected")]
    [InlineData("[\"a\",\"b\"]", "{}", "$.data.tags is an object where an array is expected")]
    [InlineData("[\"a\",\"b\"]", "[\"a\",{}]", "$.data.tags[1] is an object where a string is expected")]
    [InlineData("\"limit\":9", "\"limit\":true", "$.data.limit is a boolean where an integer is expected")]
    [InlineData("\"open\":false", "\"open\":[]", "$.data.open is an array where a boolean is expected")]
    [InlineData("\"notes\":[\"c\"]", "\"notes\":\"c\"", "$.data.notes is a string where an array is expected")]
    [InlineData("\"done\":true", "\"done\":true,\"done\":true", "$.data.done occurs more than once")]
    public void Read_bad_member_names_it(string good, string bad, string problem)
        => FluentActions.Invoking(() => Read(Complete.Replace(good, bad)))
        .Should().Throw<JsonException>().WithMessage($"*{problem}.");

    [Fact]
    public void Members_asked_for_conditionally_or_in_another_order_are_not_mixed_up()
    {
        Ask("""{"a":1,"b":2}""").Should().Be("ab");
        Ask("""{"b":2,"a":1}""").Should().Be("ba");
        FluentActions.Invoking(() => Ask("""{"b":2,"a":1,"b":3}""")).Should().Throw<JsonException>()
            .WithMessage("*$.data.b occurs more than once.");

        // A member is not asked for again once it was read, and the others change places every time.
        static string Ask(string json)
        {
            var reader = ReaderOf(json);
            var data = ObjectReader.Enter(ref reader, "$.data");
            string order = "";
            while (data.Next(ref reader))
            {
                bool isA = !order.Contains('a') && data.Is(ref reader, 0, "a"u8);
                if (isA || data.Is(ref reader, 63, "b"u8))
                {
                    order += isA ? "a" : "b";
                    data.SkipValue(ref reader);
                }
            }

            return order;
        }
    }

    private static MadeUp Read(string json)
    {
        var reader = ReaderOf(json);
        return MadeUp.Read(ref reader);
    }

    private static Utf8JsonReader ReaderOf(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return reader;
    }

    private sealed record MadeUp(
        string Name, long Count, bool Done, string[] Tags, long? Limit, bool? Open, string[]? Notes, string? Nick)
    {
        public static MadeUp Read(ref Utf8JsonReader reader)
        {
            string? name = null;
            long? count = null;
            bool? done = null;
            string[]? tags = null;
            long? limit = null;
            bool? open = null;
            string[]? notes = null;
            string? nick = null;

            var data = ObjectReader.Enter(ref reader, "$.data");
            while (data.Next(ref reader))
            {
                _ = data.TryRead(ref reader, 0, "name"u8, ref name)
                    || data.TryRead(ref reader, 1, "count"u8, ref count)
                    || data.TryRead(ref reader, 2, "done"u8, ref done)
                    || data.TryRead(ref reader, 3, "tags"u8, ref tags, ObjectReader.ReadString)
                    || data.TryReadOptional(ref reader, 4, "limit"u8, ref limit)
                    || data.TryReadOptional(ref reader, 5, "open"u8, ref open)
                    || data.TryReadOptional(ref reader, 6, "notes"u8, ref notes, ObjectReader.ReadString)
                    || data.TryReadOptional(ref reader, 7, "nick"u8, ref nick)
                    || data.Skip(ref reader);
            }

            return new(
                data.Require(name, "name"u8),
                data.Require(count, "count"u8),
                data.Require(done, "done"u8),
                data.Require(tags, "tags"u8),
                limit,
                open,
                notes,
                nick);
        }
    }
}
