using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class WebhookMessageTests
{
    [Fact]
    public void Parse_reads_what_ToJson_writes_byte_for_byte()
    {
        byte[] payload = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var message = new WebhookMessage("wh_Ü 1", DateTimeOffset.FromUnixTimeSeconds(1750861210), payload)
        {
            Name = "staging",
            EventType = "batch.failed",
            EventId = "evt_1",
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "a=b",
        };

        var read = WebhookMessage.Parse(message.ToJson());

        read.GetPayload().ToArray().Should().Equal(payload);
        read.Should().BeEquivalentTo(message);
        read.ToJson().Should().Be(message.ToJson());
        read.ToString().Should().Be("WebhookMessage wh_Ü 1 (batch.failed)");
    }

    [Fact]
    public void Parse_of_the_least_there_is_leaves_the_rest_empty()
        => WebhookMessage.Parse("""{"webhook_id":"wh_1","timestamp":0,"payload":""}""")
            .Should().BeEquivalentTo(new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, default));

    [Fact]
    public void Serializers_keep_the_payload_or_refuse()
    {
        var message = Message("wh_1");

        JsonSerializer.Serialize(message).Should().Be(message.ToJson());
        JsonSerializer.Deserialize<WebhookMessage[]>($"[{message.ToJson()}]")!.Single().GetPayload().ToArray()
            .Should().Equal("{}"u8.ToArray());
        foreach (
            var action in new Action[]
            {
                () => Newtonsoft.Json.JsonConvert.SerializeObject(message),
                () => Newtonsoft.Json.JsonConvert.DeserializeObject<WebhookMessage>("""{"webhookId":"wh_1"}"""),
            })
        {
            action.Should().Throw<Exception>().Which.ToString().Should().Contain(
                "This serializer knows only properties, so it would lose the payload of the WebhookMessage. Store the "
                + "result of ToJson(), and read it with Parse, instead.");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"webhook_id":null,"timestamp":0,"payload":""}""")]
    [InlineData("""{"webhook_id":"+14155550123","timestamp":"+14155550123","payload":""}""")]
    [InlineData("""{"webhook_id":"wh_1","timestamp":99999999999999,"payload":""}""")]
    [InlineData("""{"webhook_id":"wh_1","timestamp":0,"payload":"+4155550123"}""")]
    public void Parse_of_anything_else_is_a_JsonException_that_quotes_nothing(string json)
        => FluentActions.Invoking(() => WebhookMessage.Parse(json)).Should().Throw<JsonException>()
            .WithMessage("The text is not a serialized WebhookMessage (*).").Which.ToString()
            .Should().NotContain("4155550123");

    [Theory]
    [InlineData("wh_685c059ae39c8190af8c71ed1022a24d", true)]
    [InlineData("a-b_c0", true)]
    [InlineData("wh_az-09", true)]
    [InlineData("wh_A", false)]
    [InlineData("wh 1", false)]
    [InlineData("wh/1", false)]
    [InlineData("wh_ü", false)]
    public void Key_is_the_webhook_id_if_every_store_can_hold_it_and_otherwise_a_hash(string webhookId, bool isKept)
        => Message(webhookId).Key.Should().MatchRegex(isKept ? $"^{webhookId}$" : "^sha256-[0-9a-f]{64}$");

    [Fact]
    public void Key_differs_between_ids_that_differ_and_between_registrations_and_is_never_long()
    {
        Message(new string('a', 100)).Key.Should().HaveLength(100);
        Message(new string('a', 101)).Key.Should().HaveLength(71);
        string[] keys =
        [
            Message("wh_1").Key, Message("WH_1").Key, Message("Wh_1").Key, Message("wh_1", "staging").Key, Message(
                "wh_2", "staging").Key,
            Message(new string('a', 300)).Key, Message(new string('a', 301)).Key,
        ];

        keys.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void ToString_names_the_delivery_and_Parse_needs_a_text()
    {
        Message("wh_1").ToString().Should().Be("WebhookMessage wh_1 (unreadable)");
        FluentActions.Invoking(() => WebhookMessage.Parse(null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void The_converter_needs_a_writer_and_a_message()
    {
        using var writer = new System.Text.Json.Utf8JsonWriter(new MemoryStream());

        FluentActions.Invoking(() => new WebhookMessageConverter().Write(null!, Message("wh_1"), new()))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new WebhookMessageConverter().Write(writer, null!, new()))
            .Should().Throw<ArgumentNullException>();
    }

    private static WebhookMessage Message(string webhookId, string name = "")
        => new(webhookId, default, Encoding.UTF8.GetBytes("{}")) { Name = name };
}
