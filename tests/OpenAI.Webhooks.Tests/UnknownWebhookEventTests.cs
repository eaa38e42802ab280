using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class UnknownWebhookEventTests
{
    [Fact]
    public void Parse_NewerType_KeepsTheWholePayload()
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
    public void Parse_TypeWithoutAPublishedSchema_IsUnknownAndWhole(string type)
    {
        string json = Fixture.Unknown.Replace("video.rendered", type);

        var unknown = WebhookEvent.Parse(json).Should().BeOfType<UnknownWebhookEvent>().Subject;

        unknown.Type.Should().Be(type);
        unknown.Payload.GetRawText().Should().Be(json);
    }

    [Fact]
    public void ToJson_NewerType_WritesItAsItCame()
    {
        var unknown = WebhookEvent.Parse(Fixture.Unknown);

        unknown.ToJson().Should().Be(Fixture.Unknown);
        JsonSerializer.Serialize<object>(unknown).Should().Be(Fixture.Unknown);
        WebhookEvent.Parse(unknown.ToJson()).Should().Be(unknown);
    }

    [Fact]
    public void Parse_NewerTypeInAReusedBuffer_OwnsItsMemory()
    {
        byte[] buffer = Encoding.UTF8.GetBytes(Fixture.Unknown);
        var unknown = WebhookEvent.Parse<UnknownWebhookEvent>(buffer);

        Array.Clear(buffer);

        unknown.Payload.GetRawText().Should().Be(Fixture.Unknown);
    }

    [Fact]
    public void Equals_SameContentFormattedOtherwise_IsTrue()
    {
        var unknown = WebhookEvent.Parse(Fixture.Unknown);
        var compact = WebhookEvent.Parse(JsonSerializer.Serialize(JsonDocument.Parse(Fixture.Unknown).RootElement));

        compact.Should().Be(unknown);
        compact.GetHashCode().Should().Be(unknown.GetHashCode());
    }

    [Fact]
    public void Equals_OtherContent_IsFalse()
        => WebhookEvent.Parse(Fixture.Unknown.Replace("2.50", "2.51")).Should().NotBe(WebhookEvent.Parse(Fixture.Unknown));

    [Theory]
    [InlineData("")]
    [InlineData("Response.Completed")]
    [InlineData("response.completed ")]
    [InlineData("response")]
    public void Parse_TypeThatIsNoKnownOneToTheLetter_IsUnknown(string type)
        => WebhookEvent.Parse(Fixture.ResponseCompleted.Replace("response.completed", type))
            .Should().BeOfType<UnknownWebhookEvent>().Which.Type.Should().Be(type);

    [Theory]
    [InlineData("id")]
    [InlineData("created_at")]
    public void Parse_NewerTypeWithoutItsEnvelope_SaysWhatIsMissing(string name)
        => FluentActions.Invoking(() => WebhookEvent.Parse(Fixture.Edit(Fixture.Unknown, payload => payload.Remove(name))))
            .Should().Throw<JsonException>().WithMessage($"*$.{name} is missing*");

    [Fact]
    public void Parse_NewerTypeWithoutData_IsNoError()
        => WebhookEvent.Parse("""{"id":"evt_1","created_at":1,"type":"ping"}""").Should().BeOfType<UnknownWebhookEvent>();

    [Fact]
    public void ToString_NewerType_PrintsNoPayload()
        => WebhookEvent.Parse(Fixture.Unknown).ToString().Should().Contain("video.rendered").And.NotContain("video_1");
}
