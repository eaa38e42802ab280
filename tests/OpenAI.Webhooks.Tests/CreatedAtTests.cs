using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class CreatedAtTests
{
    [Theory]
    [InlineData("1750861210", "2025-06-25T14:20:10.0000000Z", "1750861210")]
    [InlineData("0", "1970-01-01T00:00:00.0000000Z", "0")]
    [InlineData("-1", "1969-12-31T23:59:59.0000000Z", "-1")]
    [InlineData("1750861210.5", "2025-06-25T14:20:10.5000000Z", "1750861210.5")]
    [InlineData("1750861210.1234567", "2025-06-25T14:20:10.1234567Z", "1750861210.1234567")]
    [InlineData("1750861210.12345678", "2025-06-25T14:20:10.1234567Z", "1750861210.1234567")]
    [InlineData("1750861210.0", "2025-06-25T14:20:10.0000000Z", "1750861210")]
    [InlineData("1.75086121e9", "2025-06-25T14:20:10.0000000Z", "1750861210")]
    [InlineData("-62135596800", "0001-01-01T00:00:00.0000000Z", "-62135596800")]
    [InlineData("253402300799.9999999", "9999-12-31T23:59:59.9999999Z", "253402300799.9999999")]
    [InlineData("1750861210.123456799999999", "2025-06-25T14:20:10.1234567Z", "1750861210.1234567")]
    [InlineData("-0.00000019", "1969-12-31T23:59:59.9999999Z", "-0.0000001")]
    [InlineData("-62135596800.0", "0001-01-01T00:00:00.0000000Z", "-62135596800")]
    [InlineData("-62135596800.00000000000001", "0001-01-01T00:00:00.0000000Z", "-62135596800")]
    [InlineData(
        "0.0000000000000000000000000000000000000017508612105E48", "2025-06-25T14:20:10.5000000Z", "1750861210.5")]
    [InlineData("17508612105000000000000000000000000000000000e-34", "2025-06-25T14:20:10.5000000Z", "1750861210.5")]
    [InlineData("0e9999999999", "1970-01-01T00:00:00.0000000Z", "0")]
    [InlineData("1e-9999999999", "1970-01-01T00:00:00.0000000Z", "0")]
    public void Parse_unix_seconds_keeps_them_to_the_tick(string wire, string expected, string written)
    {
        var parsed = WebhookEvent.Parse(WithCreatedAt(wire));

        parsed.CreatedAt.UtcDateTime.ToString("O").Should().Be(expected);
        parsed.CreatedAt.Offset.Should().Be(TimeSpan.Zero);
        parsed.ToJson().Should().Contain($"\"created_at\":{written},");
        new Pieces(Encoding.UTF8.GetBytes(WithCreatedAt(wire)), 1).Deserialize().Should().Be(parsed);
    }

    [Theory]
    [InlineData("253402300800")]
    [InlineData("-62135596801")]
    [InlineData("-62135596800.0000001")]
    [InlineData("9223372036854775808")]
    [InlineData("1e400")]
    [InlineData("1e99999999999999999999999999")]
    [InlineData("9999999999999")]
    [InlineData("-1e400")]
    public void Parse_out_of_range_says_so(string wire)
        => FluentActions.Invoking(() => WebhookEvent.Parse(WithCreatedAt(wire)))
            .Should().Throw<JsonException>().WithMessage("*$.created_at is out of range*");

    [Theory]
    [InlineData("\"1750861210\"", "a string")]
    [InlineData("true", "a boolean")]
    [InlineData("{}", "an object")]
    public void Parse_not_a_number_says_what_it_is(string wire, string found)
        => FluentActions.Invoking(() => WebhookEvent.Parse(WithCreatedAt(wire)))
            .Should().Throw<JsonException>()
            .WithMessage($"*$.created_at is {found} where a number of Unix seconds is expected*");

    [Fact]
    public void ToJson_time_in_another_offset_writes_the_same_instant()
    {
        var parsed = WebhookEvent.Parse<BatchFailedWebhookEvent>(Fixture.Events[WebhookEventTypes.BatchFailed]);
        var elsewhere = parsed with { CreatedAt = parsed.CreatedAt.ToOffset(TimeSpan.FromHours(9)) };

        elsewhere.ToJson().Should().Be(parsed.ToJson());
        elsewhere.Should().Be(parsed);
    }

    private static string WithCreatedAt(string wire) => Fixture.ResponseCompleted.Replace("1750861210", wire);
}
