using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tests;

public class BadPayloadTests
{
    public static TheoryData<string, string> RequiredMembers { get; } = Members(isOptional: false);

    public static TheoryData<string, string> OptionalMembers { get; } = Members(isOptional: true);

    [Theory, MemberData(nameof(RequiredMembers))]
    public void Parse_required_member_missing_names_it(string type, string path)
        => Refusal(type, path, (parent, name) => parent.Remove(name)).Should().Contain($"{path} is missing");

    [Theory, MemberData(nameof(RequiredMembers))]
    public void Parse_required_member_null_names_it(string type, string path)
        => Refusal(type, path, (parent, name) => parent[name] = null).Should().Contain($"{path} is null where ");

    [Theory, MemberData(nameof(RequiredMembers)), MemberData(nameof(OptionalMembers))]
    public void Parse_member_of_another_json_type_names_it(string type, string path)
        => Refusal(
            type,
            path,
            (parent, name) => parent[name] = parent[name]!.GetValueKind() is JsonValueKind.True or JsonValueKind.False
                ? ""
                : true)
            .Should().MatchRegex($"{Regex.Escape(path)} is a (boolean|string) where ");

    [Theory, MemberData(nameof(RequiredMembers)), MemberData(nameof(OptionalMembers))]
    public void Parse_member_twice_names_it(string type, string path)
    {
        const string Marker = "\"\":\"twice\"";
        string json = Fixture.Edit(Fixture.Events[type], payload => Parent(payload, path, out _)[""] = "twice");
        string repeated = Fixture.Edit(Fixture.Events[type], payload =>
        {
            var parent = Parent(payload, path, out string name);
            var value = parent[name]!.DeepClone();
            parent.Clear();
            parent[name] = value;
        });
        var only = Parent(JsonNode.Parse(repeated)!.AsObject(), path, out string memberName);
        string member = $"\"{memberName}\":{only[memberName]!.ToJsonString()}";

        Refusal(json.Replace(Marker, member), path).Should().Contain($"{path} occurs more than once");
    }

    [Theory, MemberData(nameof(OptionalMembers))]
    public void Parse_optional_member_missing_or_null_is_no_error(string type, string path)
    {
        var without = Fixture.Edit(
            Fixture.Events[type], payload => Parent(payload, path, out string name).Remove(name));
        var withNull = Fixture.Edit(
            Fixture.Events[type], payload => Parent(payload, path, out string name)[name] = null);

        WebhookEvent.Parse(withNull).Should().Be(WebhookEvent.Parse(without));
    }

    [Theory]
    [InlineData("", "$ is empty")]
    [InlineData("   ", "it is not valid JSON at line 1, byte 4")]
    [InlineData("null", "$ is null where an object is expected")]
    [InlineData("[]", "$ is an array where an object is expected")]
    [InlineData("\"event\"", "$ is a string where an object is expected")]
    [InlineData("42", "$ is a number where an object is expected")]
    [InlineData("{}", "$.type is missing")]
    [InlineData("""{"id":"evt_1","created_at":1,"data":{}}""", "$.type is missing")]
    [InlineData("""{"type":null}""", "$.type is null where a string is expected")]
    [InlineData("""{"type":5}""", "$.type is a number where a string is expected")]
    [InlineData("""{"type":["batch.failed"]}""", "$.type is an array where a string is expected")]
    [InlineData("""{"type":"batch.failed","data":[]}""", "$.data is an array where an object is expected")]
    [InlineData("""{"data":[],"type":"batch.failed"}""", "$.data is an array where an object is expected")]
    [InlineData("{'type':'batch.failed'}", "it is not valid JSON at line 1, byte 2")]
    [InlineData("""{"type":"batch.failed",}""", "it is not valid JSON at line 1, byte 24")]
    [InlineData("""{"type":"batch.failed" /* why */}""", "it is not valid JSON at line 1, byte 24")]
    public void Parse_bad_payload_says_what_is_wrong(string json, string problem)
    {
        foreach (
            var parse in new Action[] { () => WebhookEvent.Parse(json), () =>
                WebhookEvent.Parse(Encoding.UTF8.GetBytes(json)) })
        {
            parse.Should().Throw<JsonException>().WithMessage($"*{problem}*");
        }
    }

    [Theory]
    [InlineData("""{"id":"evt_1","type":"batch.failed","phone":tel:+4915112345678}""")]
    [InlineData("""{"id":"evt_1","type":"newer","phone":nel:+4915112345678}""")]
    [InlineData("f4915112345678")]
    public void Parse_not_json_quotes_nothing(string json)
        => FluentActions.Invoking(() => WebhookEvent.Parse(json))
        .Should().Throw<JsonException>().Where(exception => exception.Path == "$").Which.ToString()
        .Should().NotContain("4915");

    [Fact]
    public void Parse_null_string_is_the_callers_error()
        => FluentActions.Invoking(() => WebhookEvent.Parse((string)null!)).Should().Throw<ArgumentNullException>();

    [Fact]
    public void Parse_byte_order_mark_skips_it()
    {
        var expected = WebhookEvent.Parse(Fixture.ResponseCompleted);

        WebhookEvent.Parse("\uFEFF" + Fixture.ResponseCompleted).Should().Be(expected);
        WebhookEvent.Parse([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Fixture.ResponseCompleted)])
            .Should().Be(expected);
    }

    [Fact]
    public void Parse_two_byte_order_marks_is_refused()
        => FluentActions.Invoking(() => WebhookEvent.Parse("\uFEFF\uFEFF" + Fixture.ResponseCompleted))
            .Should().Throw<JsonException>();

    [Fact]
    public void Parse_truncated_anywhere_is_refused()
    {
        byte[] payload = Encoding.UTF8.GetBytes(Fixture.RealtimeCallIncoming);
        for (int length = 0; length < payload.Length; length++)
        {
            FluentActions.Invoking(() => WebhookEvent.Parse(payload.AsSpan(0, length))).Should().Throw<JsonException>();
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("{}")]
    [InlineData("\0")]
    public void Parse_trailing_bytes_are_refused(string tail)
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.ResponseCompleted + tail))
        .Should().Throw<JsonException>();

    [Fact]
    public void Parse_trailing_white_space_is_no_error()
        => WebhookEvent.Parse(Fixture.ResponseCompleted + " \r\n\t")
        .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));

    [Theory]
    [InlineData("""{"id":"evt_§","created_at":1,"type":"batch.failed","data":{"id":"b"}}""", "$.id")]
    [InlineData("""{"id":"e","created_at":1,"type":"batch.§","data":{"id":"b"}}""", "$.type")]
    [InlineData("""{"id":"e","created_at":1,"type":"batch.failed","data":{"id":"§"}}""", "$.data.id")]
    [InlineData("""{"id":"e","created_at":1,"type":"batch.failed","data":{"id":"b"},"new":"§"}""", "$.*")]
    [InlineData("""{"id":"e","created_at":1,"type":"batch.failed","data":{"id":"b"},"§":1}""", "$.*")]
    [InlineData("""{"id":"e","created_at":1,"type":"batch.failed","data":{"id":"b","new":[{"§":1}]}}""", "$.data.*")]
    [InlineData("""{"data":{"id":"§"},"id":"e","created_at":1,"type":"batch.failed"}""", "$.*")]
    [InlineData("""{"id":"e","created_at":1,"type":"newer","data":{"deep":[["§"]]}}""", "$.*")]
    public void Parse_text_that_is_not_unicode_says_where(string template, string where)
    {
        byte[] template8 = Encoding.Latin1.GetBytes(template);
        foreach (
            byte[] bad in new byte[][] { [0xFF], [0xC3], [0xED, 0xA0, 0x80], Encoding.ASCII.GetBytes(
                "\\ud800"), Encoding.ASCII.GetBytes("\\udc00x") })
        {
            byte[] payload = [.. template8.SelectMany(b => b == 0xA7 ? bad : [b])];

            foreach (
                var read in new Func<WebhookEvent?>[] { () =>
                    WebhookEvent.Parse(payload), new Pieces(payload, 1).Deserialize })
            {
                read.Should().Throw<JsonException>().WithMessage($"*{where} contains text that is not valid Unicode*");
            }
        }
    }

    [Fact]
    public void Parse_string_with_a_lone_surrogate_is_refused()
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.ResponseCompleted.Replace("resp_123", "\ud800")))
            .Should().Throw<JsonException>().WithMessage("*$ contains text that is not valid Unicode*").Which.Path
            .Should().Be("$");

    [Theory]
    [InlineData("""{"type":"batch.failed","data":""")]
    [InlineData("""{"type":"newer","data":""")]
    [InlineData("""{"new":""")]
    [InlineData("")]
    public void Parse_nested_far_too_deep_is_refused(string prefix)
        => FluentActions.Invoking(() => WebhookEvent.Parse(prefix + new string('[', 1_000_000)))
            .Should().Throw<JsonException>();

    [Theory]
    [InlineData("[null]", "$.data.sip_headers[0] is null where an object is expected")]
    [InlineData("""[{"name":"a","value":"b"},"c"]""", "$.data.sip_headers[1] is a string where an object is expected")]
    [InlineData("""[{"name":"a","value":"b"},{"name":"a"}]""", "$.data.sip_headers[1].value is missing")]
    [InlineData("""[{"name":null,"value":"b"}]""", "$.data.sip_headers[0].name is null where a string is expected")]
    [InlineData("{}", "$.data.sip_headers is an object where an array is expected")]
    public void Parse_bad_SipHeaders_says_which_one(string headers, string problem)
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.Edit(
                Fixture.RealtimeCallIncoming, payload => payload["data"]!["sip_headers"] = JsonNode.Parse(headers))))
            .Should().Throw<JsonException>().WithMessage($"*{problem.Replace("[", "?").Replace("]", "?")}*");

    [Fact]
    public void Parse_bad_payload_quotes_nothing_of_it()
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.Edit(Fixture.RealtimeCallIncoming, payload =>
            {
                payload["data"]!["sip_headers"]![0]!["value"] = new JsonArray("+14155550123");
            })))
            .Should().Throw<JsonException>().Which.ToString().Should().NotContain("4155550123");

    private static string Refusal(string type, string path, Action<JsonObject, string> damage)
        => Refusal(
            Fixture.Edit(Fixture.Events[type], payload => damage(Parent(payload, path, out string name), name)), path);

    private static string Refusal(string json, string path)
    {
        var refusal = FluentActions.Invoking(() => WebhookEvent.Parse(json))
            .Should().Throw<JsonException>("{0} is required: its property is not nullable", path).Which;
        refusal.Path.Should().Be(path);
        return refusal.Message;
    }

    private static TheoryData<string, string> Members(bool isOptional)
    {
        var members = new TheoryData<string, string>();
        foreach (var (type, json) in Fixture.Events)
        {
            string[] optional =
                [.. Fixture.Members(json).Where(member => member.IsOptional).Select(member => member.Path)];
            foreach (string path in Paths(JsonNode.Parse(json)!).Where(path => optional.Contains(path) == isOptional))
            {
                members.Add(type, path);
            }
        }

        return members;
    }

    // Of an array only the first item: the others are the same again.
    private static IEnumerable<string> Paths(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(member => Paths(member.Value!).Prepend(member.Value!.GetPath())),
        JsonArray { Count: > 0 } items => Paths(items[0]!),
        _ => [],
    };

    private static JsonObject Parent(JsonObject payload, string path, out string name)
    {
        string[] steps = path.Split('.');
        name = steps[^1];
        JsonNode node = payload;
        foreach (string step in steps[1..^1])
        {
            node = step.EndsWith("[0]", StringComparison.Ordinal) ? node[step[..^3]]![0]! : node[step]!;
        }

        return node.AsObject();
    }
}
