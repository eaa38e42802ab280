using System.Text;

namespace OpenAI.Webhooks.Tests;

public class WebhookSignerTests
{
    [Fact]
    public void Sign_PublishedDelivery_MakesItsSignature()
    {
        var vector = SignatureVector.Published;
        var signer = new WebhookSigner(vector.Secrets[0], new FixedClock(DateTimeOffset.FromUnixTimeSeconds(vector.Now)));

        var signed = signer.Sign(vector.Bytes, vector.WebhookHeaders.Id);

        signed.Headers.Should().Equal(vector.WebhookHeaders);
        signed.Payload.ToArray().Should().Equal(vector.Bytes);
    }

    [Fact]
    public void Sign_Event_SignsItsWireFormat()
    {
        var webhookEvent = WebhookEvent.Parse(Fixture.RealtimeCallIncoming);

        var signed = new WebhookSigner("a secret as text").Sign(webhookEvent);

        Encoding.UTF8.GetString(signed.Payload.Span).Should().Be(webhookEvent.ToJson());
        new WebhookVerifier("a secret as text").Unwrap(signed.Payload, signed.Headers).Event.Should().Be(webhookEvent);
    }

    [Fact]
    public void Sign_WithoutAnId_MakesANewOneEachTime()
    {
        var signer = new WebhookSigner("a secret as text");

        signer.Sign("{}").Headers.Id.Should().StartWith("wh_").And.NotBe(signer.Sign("{}").Headers.Id);
    }

    [Fact]
    public void Sign_BlankIdOrNull_IsRefused()
    {
        var signer = new WebhookSigner("a secret as text");

        FluentActions.Invoking(() => signer.Sign("{}", " ")).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => signer.Sign((string)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => signer.Sign((WebhookEvent)null!)).Should().Throw<ArgumentNullException>();
    }
}
