using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class UnreadableWebhookExceptionTests
{
    private const string Payload =
        """{"id":"evt_1","created_at":1,"type":"batch.failed","data":{"id":5,"phone":"+14155550123"}}""";

    private static readonly DateTimeOffset Sent = DateTimeOffset.FromUnixTimeSeconds(1750861210);

    private static readonly string Secret = WebhookSigner.CreateSecret();

    private static readonly SignedWebhook Signed = new WebhookSigner(Secret, new FixedClock(Sent))
        .Sign(Payload, "wh_1");

    private static readonly WebhookVerifier Verifier = new(new WebhookVerifierOptions
    {
        Secrets = [Secret],
        TimeProvider = new FixedClock(Sent.AddMinutes(2)),
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Unwrap_authentic_payload_that_is_no_event_keeps_its_identity_and_payload(bool isText)
    {
        Action unwrap = isText
            ? () => Verifier.Unwrap(Payload, Signed.Headers)
            : () => Verifier.Unwrap(Signed.GetPayload(), Signed.Headers);

        var exception = unwrap
            .Should().Throw<JsonException>().Which.Should().BeOfType<UnreadableWebhookException>().Subject;

        exception.WebhookId.Should().Be("wh_1");
        exception.Timestamp.Should().Be(Sent);
        Encoding.UTF8.GetString(exception.GetPayload().Span).Should().Be(Payload);
        exception.Path.Should().Be("$.data.id");
        exception.Message.Should().Be(
            "The webhook payload cannot be read: $.data.id is a number where a string is expected.");
        exception.ToString().Should().NotContain("4155550123");
    }

    [Fact]
    public void TryUnwrap_authentic_payload_that_is_no_event_is_false_and_says_so()
    {
        Verifier.TryUnwrap(Signed.GetPayload(), Signed.Headers, out var fromBytes, out var failure).Should().BeFalse();
        Verifier.TryUnwrap(Payload, Signed.Headers, out var fromText, out var failureOfText).Should().BeFalse();

        (fromBytes, fromText).Should().Be((null, null));
        (failure, failureOfText)
            .Should().Be((WebhookVerificationFailure.Unreadable, WebhookVerificationFailure.Unreadable));
    }

    [Fact]
    public void Constructor_null_is_refused()
    {
        FluentActions.Invoking(() => new UnreadableWebhookException(null!, "wh_1", Sent, default))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new UnreadableWebhookException(new JsonException(), null!, Sent, default))
            .Should().Throw<ArgumentNullException>();
    }
}
