using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class UnknownWebhookEventTests
{
    [Fact]
    public void Parse_newer_type_keeps_the_whole_payload()
    {
        var unknown = WebhookEvent.Parse(Fixture.Unknown).Should().BeOfType<UnknownWebhookEvent>().Subject;

        unknown.Type.Should().Be("video.rendered");
        unknown.Id.Should().Be("evt_1");
        unknown.Object.Should().Be("event");
        unknown.CreatedAt.Should().Be(DateTimeOffset.FromUnixTimeSeconds(1750861210));
        unknown.Payload.GetRawText().Should().Be(Fixture.Unknown);
    }

    [Theory]
    [InlineData(WebhookEventTypes.VideoCompleted)]
    [InlineData(WebhookEventTypes.VideoFailed)]
    public void Parse_type_without_a_published_schema_is_unknown_and_whole(string type)
    {
        string json = Fixture.Unknown.Replace("video.rendered", type);

        var unknown = WebhookEvent.Parse(json).Should().BeOfType<UnknownWebhookEvent>().Subject;

        unknown.Type.Should().Be(type);
        unknown.Payload.GetRawText().Should().Be(json);
    }

    [Fact]
    public void ToJson_newer_type_writes_it_as_it_came()
    {
        var unknown = WebhookEvent.Parse(Fixture.Unknown);

        unknown.ToJson().Should().Be(Fixture.Unknown);
        JsonSerializer.Serialize<object>(unknown).Should().Be(Fixture.Unknown);
        WebhookEvent.Parse(unknown.ToJson()).Should().Be(unknown);
    }

    [Fact]
    public void Parse_newer_type_in_a_reused_buffer_owns_its_memory()
    {
        byte[] buffer = Encoding.UTF8.GetBytes(Fixture.Unknown);
        var unknown = WebhookEvent.Parse<UnknownWebhookEvent>(buffer);

        Array.Clear(buffer);

        unknown.Payload.GetRawText().Should().Be(Fixture.Unknown);
    }

    [Fact]
    public void Equals_same_content_formatted_otherwise_is_true()
    {
        var unknown = WebhookEvent.Parse(Fixture.Unknown);
        var compact = WebhookEvent.Parse(JsonSerializer.Serialize(JsonDocument.Parse(Fixture.Unknown).RootElement));

        compact.Should().Be(unknown);
        compact.GetHashCode().Should().Be(unknown.GetHashCode());
    }

    [Theory]
    [InlineData("""{"a":1,"b":[true,null,{"c":"é"}]}""", """{"b":[true,null,{"c":"\u00e9"}],"a":1}""")]
    [InlineData("100", "1.00e2")]
    [InlineData("0.00015", "15E-5")]
    [InlineData("-0", "0e5")]
    [InlineData("1e9999999999", "1e9999999999")]
    [InlineData("123456789012345678901234567890.5", "1234567890123456789012345678905e-1")]
    [InlineData("""{"same":1,"same":2}""", """{"same":1,"same":2}""")]
    public void Equals_same_values_spelled_otherwise_is_true(string data, string same)
    {
        var (one, other) = (WithData(data), WithData(same));

        one.Should().Be(other);
        one.GetHashCode().Should().Be(other.GetHashCode());
        new[] { one, other }.Distinct().Should().ContainSingle();
    }

    [Theory]
    [InlineData("1", "2")]
    [InlineData("1", "-1")]
    [InlineData("1", "10")]
    [InlineData("12", "1.2")]
    [InlineData("1", "1.5")]
    [InlineData("12", "123")]
    [InlineData("1e9999999999", "1e9999999998")]
    [InlineData("1", "\"1\"")]
    [InlineData("true", "false")]
    [InlineData("null", "{}")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("[1]", "[1,1]")]
    [InlineData("""{"a":1}""", """{"b":1}""")]
    [InlineData("""{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"same":1,"same":2}""", """{"same":2,"same":1}""")]
    public void Equals_other_values_is_false(string data, string other)
    {
        WithData(data).Should().NotBe(WithData(other));
        WithData(other).Should().NotBe(WithData(data));
    }

    [Theory]
    [InlineData("0e9999999999", "0")]
    [InlineData("10e9999999999", "1e10000000000")]
    [InlineData("""{"a":1e9999999999}""", """{ "a":1e9999999999}""")]
    public void Equals_exponents_beyond_the_comparisons_range_are_compared_by_their_bytes(string data, string other)
    {
        WithData(data).Should().Be(WithData(data)).And.NotBe(WithData(other));
        WithData(data).ToString().Should().Be(WithData(other).ToString());
    }

    [Theory]
    [InlineData("""{"id":"evt_1","created_at":1,"type":"newer","data":1,"data":2}""")]
    [InlineData("""{"data":1,"id":"evt_1","created_at":1,"type":"newer","data":2}""")]
    [InlineData("""{"data":1,"data":2,"id":"evt_1","created_at":1,"type":"newer"}""")]
    public void Parse_newer_type_with_its_data_twice_is_refused_wherever_its_type_stands(string json)
        => FluentActions.Invoking(() => WebhookEvent.Parse(json))
            .Should().Throw<JsonException>().WithMessage("*$.data occurs more than once.");

    [Theory]
    [InlineData(true, JsonCommentHandling.Disallow,
        """
        {"id":"evt_1","created_at":1,"type":"newer","data":{"a":[1,2,],},}
        """)]
    [InlineData(false, JsonCommentHandling.Skip,
        """{"id":"evt_1", /* why */ "created_at":1,"type":"newer","data":{"a":[1,/* two */2]}} """)]
    [InlineData(true, JsonCommentHandling.Skip,
        """
        {"id":"evt_1", /* why */ "created_at":1,"type":"newer","data":{"a":[1,2,/* three */],},}
        """)]
    public void ToJson_read_under_lenient_options_is_json_proper(bool commas, JsonCommentHandling comments, string json)
    {
        var lenient = new JsonSerializerOptions { AllowTrailingCommas = commas, ReadCommentHandling = comments };

        var unknown = JsonSerializer.Deserialize<WebhookEvent>(json, lenient)!;

        unknown.ToJson().Should().Be("""{"id":"evt_1","created_at":1,"type":"newer","data":{"a":[1,2]}}""");
        WebhookEvent.Parse(unknown.ToJson()).Should().Be(unknown);
    }

    [Theory]
    [InlineData(65, false)]
    [InlineData(2_000, false)]
    [InlineData(2_000, true)]
    public void ToJson_and_equals_of_a_value_nested_deep_work(int levels, bool isLenient)
        => WriteAndCompare(levels, isLenient);

    [Fact]
    public void ToJson_and_equals_of_a_value_nested_deeper_than_calls_can_be_work()
    {
        Exception? failure = null;
        var thread = new Thread(
            () => failure = Record.Exception(() => WriteAndCompare(levels: 3_000, isLenient: false)),
            maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();

        failure.Should().BeNull();
    }

    [Fact]
    public void With_another_envelope_is_written_with_it_and_the_rest_as_it_came()
    {
        var unknown = WebhookEvent.Parse<UnknownWebhookEvent>(Fixture.Unknown);

        var changed = unknown with { Id = "evt_2", CreatedAt = DateTimeOffset.FromUnixTimeSeconds(5), Object = null };

        changed.ToJson().Should().Be(
            """{"id":"evt_2","created_at":5,"type":"video.rendered","data":"""
            + """{"id": "video_1", "type": "response.failed", "frames": [1, 2.50, null]},"extra":{"é": "\u00e9"}}""");
        WebhookEvent.Parse(changed.ToJson()).Should().Be(changed).And.NotBe(unknown);
        (changed with
        {
            Id = unknown.Id,
            CreatedAt = unknown.CreatedAt,
            Object = "event",
        }).ToJson().Should().Be(Fixture.Unknown);
    }

    [Fact]
    public void With_an_object_that_the_payload_lacks_writes_it()
    {
        var unknown = WebhookEvent.Parse("""{"id":"evt_1","created_at":1,"type":"newer"}""");

        unknown.Object.Should().BeNull();
        (unknown with { Object = "event" }).ToJson().Should()
            .Be("""{"id":"evt_1","object":"event","created_at":1,"type":"newer"}""");
    }

    [Theory]
    [InlineData("id")]
    [InlineData("object")]
    [InlineData("created_at")]
    [InlineData("type")]
    public void Parse_newer_type_with_an_envelope_member_twice_names_it(string name)
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.Unknown[..^1] + $", \"{name}\": 1}}"))
            .Should().Throw<JsonException>().WithMessage($"*$.{name} occurs more than once*");

    [Theory]
    [InlineData("\"id\": \"evt_1\"", "\"id\": 1", "$.id is a number where a string is expected")]
    [InlineData("\"object\": \"event\"", "\"object\": {}", "$.object is an object where a string is expected")]
    [InlineData("\"created_at\": 1750861210", "\"created_at\": null", "$.created_at is null where a number of Unix "
        + "seconds is expected")]
    public void Parse_newer_type_with_an_envelope_member_of_another_json_type_names_it(
        string good, string bad, string problem)
    {
        // In front of the type and behind it, which are read in two ways.
        string behind = Fixture.Unknown.Replace(good, bad);
        string front = $"{{\"type\": \"video.rendered\", {behind[1..].Replace("\"type\": \"video.rendered\", ", "")}";

        foreach (string json in new[] { behind, front })
        {
            FluentActions.Invoking(() => WebhookEvent.Parse(json))
                .Should().Throw<JsonException>().WithMessage($"*{problem}*").Which.Path
                .Should().Be(problem.Split(' ')[0]);
        }
    }

    [Fact]
    public void Equals_other_content_is_false()
    {
        WebhookEvent.Parse(Fixture.Unknown.Replace("2.50", "2.51")).Should().NotBe(WebhookEvent.Parse(Fixture.Unknown));
        WebhookEvent.Parse(Fixture.Unknown[..^1] + ", \"more\": 1}")
            .Should().NotBe(WebhookEvent.Parse(Fixture.Unknown));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Response.Completed")]
    [InlineData("response.completed ")]
    [InlineData("response")]
    public void Parse_type_that_is_no_known_one_to_the_letter_is_unknown(string type)
        => WebhookEvent.Parse(Fixture.ResponseCompleted.Replace("response.completed", type))
            .Should().BeOfType<UnknownWebhookEvent>().Which.Type.Should().Be(type);

    [Theory]
    [InlineData("id")]
    [InlineData("created_at")]
    public void Parse_newer_type_without_its_envelope_says_what_is_missing(string name)
        => FluentActions.Invoking(
            () => WebhookEvent.Parse(Fixture.Edit(Fixture.Unknown, payload => payload.Remove(name))))
            .Should().Throw<JsonException>().WithMessage($"*$.{name} is missing*");

    [Fact]
    public void Parse_newer_type_without_data_is_no_error()
        => WebhookEvent.Parse("""{"id":"evt_1","created_at":1,"type":"ping"}""").Should()
            .BeOfType<UnknownWebhookEvent>();

    private static void WriteAndCompare(int levels, bool isLenient)
    {
        var deep = new JsonSerializerOptions { MaxDepth = levels + 10, AllowTrailingCommas = isLenient };
        string text = isLenient ? "é" : "\\u00e9";
        string data = $"{new string('[', levels)}\"{text}\"{new string(']', levels)}";
        string json = $$"""{"id":"evt_1","created_at":1,"type":"newer","data":{{data}}}""";
        var unknown = JsonSerializer.Deserialize<WebhookEvent>(json, deep)!;

        unknown.ToJson().Should().Be(json);
        JsonSerializer.Deserialize<WebhookEvent>(unknown.ToJson(), deep).Should().Be(unknown);
        (unknown with { Id = "evt_2" }).ToJson().Should().Contain("evt_2").And.EndWith(new string(']', levels) + "}");
    }

    private static WebhookEvent WithData(string data)
        => WebhookEvent.Parse($$"""{"id":"evt_1","created_at":1,"type":"newer","data":{{data}}}""");

    [Fact]
    public void ToString_newer_type_prints_no_payload()
        => WebhookEvent.Parse(Fixture.Unknown).ToString().Should().Contain("video.rendered").And.NotContain("video_1");
}
