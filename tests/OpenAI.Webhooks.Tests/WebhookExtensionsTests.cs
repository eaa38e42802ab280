using System.Text;

namespace OpenAI.Webhooks.Tests;

public class WebhookExtensionsTests
{
    [Fact]
    public void TryParse_of_an_event_gives_what_Parse_gives()
    {
        WebhookEvent.TryParse(Fixture.ResponseCompleted, out var fromText).Should().BeTrue();
        WebhookEvent.TryParse(Encoding.UTF8.GetBytes(Fixture.Unknown), out var fromBytes).Should().BeTrue();

        fromText.Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        fromBytes.Should().Be(WebhookEvent.Parse(Fixture.Unknown));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"id":"evt_1","created_at":1,"type":"batch.failed","data":{}}""")]
    [InlineData("\ud800")]
    public void TryParse_of_anything_else_is_false(string? payload)
    {
        WebhookEvent.TryParse(payload, out var fromText).Should().BeFalse();
        WebhookEvent.TryParse(Encoding.UTF8.GetBytes(payload ?? ""), out var fromBytes).Should().BeFalse();

        fromText.Should().BeNull();
        fromBytes.Should().BeNull();
    }

    [Fact]
    public void What_loggers_must_not_find_is_a_property_in_CSharp_14_and_a_method_everywhere()
    {
        var signed = new WebhookSigner("a secret").Sign(Fixture.RealtimeCallIncoming);
        var delivery = new WebhookVerifier("a secret").Unwrap(signed.Payload, signed.Headers);
        var unreadable = new UnreadableWebhookException(new("x"), "wh_1", default, signed.Payload);

        delivery.Payload.Should().Be(signed.GetPayload()).And.Be(delivery.GetPayload());
        unreadable.Payload.Should().Be(unreadable.GetPayload()).And.Be(signed.Payload);
        new SipHeader("From", "x").Value.Should().Be(new SipHeader("To", "x").GetValue()).And.Be("x");
    }
}
