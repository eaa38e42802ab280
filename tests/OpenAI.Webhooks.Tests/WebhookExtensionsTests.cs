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
}
