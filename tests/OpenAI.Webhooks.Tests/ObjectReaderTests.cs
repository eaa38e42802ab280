using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// The reader on a record that is made up, with members of every kind that an event may come to have. It is compiled
/// into the tests a second time, because it is internal.
/// </summary>
public class ObjectReaderTests
{
    private const string Complete = """{"name":"n","count":3,"done":true,"tags":["a","b"],"limit":9,"open":false,"notes":["c"],"nick":"k"}""";

    [Fact]
    public void Read_EveryMember_GivesItsValue()
        => Read(Complete).Should().BeEquivalentTo(new MadeUp("n", 3, true, ["a", "b"], 9, false, ["c"], "k"));

    [Theory]
    [InlineData("""{"name":"n","count":-9223372036854775808,"done":false,"tags":[]}""")]
    [InlineData("""{"name":"n","count":-9223372036854775808,"done":false,"tags":[],"limit":null,"open":null,"notes":null,"nick":null}""")]
    public void Read_OptionalMembersAbsentOrNull_AreNull(string json)
        => Read(json).Should().BeEquivalentTo(new MadeUp("n", long.MinValue, false, [], null, null, null, null));

    [Theory]
    [InlineData("\"name\":\"n\"", "\"name\":1", "$.data.name is a number where a string is expected")]
    [InlineData("\"count\":3", "\"count\":\"3\"", "$.data.count is a string where an integer is expected")]
    [InlineData("\"count\":3", "\"count\":3.5", "$.data.count is a number where an integer of 64 bits is expected")]
    [InlineData("\"count\":3", "\"count\":9223372036854775808", "$.data.count is a number where an integer of 64 bits is expected")]
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
    public void Read_BadMember_NamesIt(string good, string bad, string problem)
        => FluentActions.Invoking(() => Read(Complete.Replace(good, bad))).Should().Throw<JsonException>().WithMessage($"*{problem}.");

    [Fact]
    public void Is_MoreMembersThanItKeepsTrackOf_IsLoud()
    {
        FluentActions.Invoking(() => Ask(64)).Should().NotThrow();
        FluentActions.Invoking(() => Ask(65)).Should().Throw<InvalidOperationException>().WithMessage("*$.data.m64 is a member too many*64*");

        static void Ask(int members)
        {
            var reader = ReaderOf($$"""{"m{{members - 1}}":1}""");
            var data = ObjectReader.Enter(ref reader, "$.data");
            data.Next(ref reader).Should().BeTrue();
            for (int i = 0; i < members; i++)
            {
                data.Is(ref reader, Encoding.UTF8.GetBytes($"m{i}")).Should().Be(i == members - 1);
            }
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

    private sealed record MadeUp(string Name, long Count, bool Done, string[] Tags, long? Limit, bool? Open, string[]? Notes, string? Nick)
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
                _ = data.TryRead(ref reader, "name"u8, ref name)
                    || data.TryRead(ref reader, "count"u8, ref count)
                    || data.TryRead(ref reader, "done"u8, ref done)
                    || data.TryRead(ref reader, "tags"u8, ref tags, ObjectReader.ReadString)
                    || data.TryReadOptional(ref reader, "limit"u8, ref limit)
                    || data.TryReadOptional(ref reader, "open"u8, ref open)
                    || data.TryReadOptional(ref reader, "notes"u8, ref notes, ObjectReader.ReadString)
                    || data.TryReadOptional(ref reader, "nick"u8, ref nick)
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
