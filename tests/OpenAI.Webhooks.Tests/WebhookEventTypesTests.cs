namespace OpenAI.Webhooks.Tests;

public class WebhookEventTypesTests
{
    [Fact]
    public void Of_an_event_a_family_or_all_gives_the_types_in_order()
    {
        WebhookEventTypes.Of<ResponseFailedWebhookEvent>().Should().Equal("response.failed");
        WebhookEventTypes.Of<BatchWebhookEvent>()
            .Should().Equal("batch.cancelled", "batch.completed", "batch.expired", "batch.failed");
        WebhookEventTypes.Of<WebhookEvent>().Should().Equal(Fixture.Events.Keys.Order(StringComparer.Ordinal));
        WebhookEventTypes.Of<UnknownWebhookEvent>().Should().BeEmpty();
    }
}
