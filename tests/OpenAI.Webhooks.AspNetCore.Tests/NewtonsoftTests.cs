using Newtonsoft.Json;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Newtonsoft.Json would lose parts of an event without a word, so it gets an exception.</summary>
public class NewtonsoftTests
{
    private const string Why = "This serializer does not know the wire format of OpenAI's events. Write them with "
        + "ToJson(), and read them with WebhookEvent.Parse, or use System.Text.Json.";

    private static readonly WebhookDelivery Delivery =
        new WebhookVerifier(TestApp.Secret).Unwrap(TestApp.Sign().GetPayload(), TestApp.Sign().Headers);

    public static TheoryData<object> Written => new()
    {
        WebhookEvent.Parse(TestApp.Payload),
        WebhookEvent.Parse(TestApp.Payload.Replace("response.completed", "newer")),
        new { Events = new object[] { WebhookEvent.Parse(TestApp.Payload) } },
        Delivery,
    };

    [Theory]
    [MemberData(nameof(Written))]
    public void An_event_is_not_written(object value)
        => FluentActions.Invoking(() => JsonConvert.SerializeObject(value)).Should().Throw<Exception>()
            .Which.ToString().Should().Contain(Why);

    [Fact]
    public void An_event_is_not_read()
        => FluentActions.Invoking(() => JsonConvert.DeserializeObject<ResponseCompletedWebhookEvent>(TestApp.Payload))
            .Should().Throw<Exception>().Which.ToString().Should().Contain(Why);
}
