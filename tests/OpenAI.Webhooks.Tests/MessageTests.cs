namespace OpenAI.Webhooks.Tests;

/// <summary>The whole text of what people read at night.</summary>
public class MessageTests
{
    [Theory]
    [InlineData(WebhookVerificationFailure.MissingId, "its webhook-id header is missing or blank. Check that proxies "
        + "forward it. If they do, the request is not from OpenAI.")]
    [InlineData(WebhookVerificationFailure.MissingTimestamp, "its webhook-timestamp header is missing or blank. Check "
        + "that proxies forward it. If they do, the request is not from OpenAI.")]
    [InlineData(WebhookVerificationFailure.MissingSignature, "its webhook-signature header is missing or blank. Check "
        + "that proxies forward it. If they do, the request is not from OpenAI.")]
    [InlineData(WebhookVerificationFailure.RepeatedId, "its webhook-id header occurs more than once. OpenAI sends it "
        + "once; check that no proxy adds another.")]
    [InlineData(WebhookVerificationFailure.RepeatedTimestamp, "its webhook-timestamp header occurs more than once. "
        + "OpenAI sends it once; check that no proxy adds another.")]
    [InlineData(WebhookVerificationFailure.InvalidTimestamp, "its webhook-timestamp header is not a number of Unix "
        + "seconds. OpenAI does not send such a request.")]
    [InlineData(WebhookVerificationFailure.TimestampTooOld, "its timestamp is older than the tolerance allows. Check "
        + "this machine's clock, and check that requests do not wait in a queue before they are verified. Otherwise, "
        + "it is a replay.")]
    [InlineData(WebhookVerificationFailure.TimestampTooNew, "its timestamp is further in the future than the tolerance "
        + "allows. Check this machine's clock.")]
    [InlineData(WebhookVerificationFailure.SignatureMismatch, "no signature matches. Check that the secret is this "
        + "endpoint's at OpenAI. If it was rotated, configure the new secret, and keep the old one beside it for the "
        + "24 hours in which OpenAI may still sign with it. Check that the payload is the body's bytes exactly as "
        + "received: not decoded to text, reserialized or trimmed. If the payload is empty, something else read the "
        + "body first.")]
    public void A_failure_to_verify_says_what_is_wrong_and_what_to_do(WebhookVerificationFailure failure, string text)
        => new InvalidWebhookSignatureException(failure).Message.Should()
            .Be($"The webhook could not be verified: {text}");

    [Theory]
    [InlineData("", "The webhook secret is empty. Set it as OpenAI shows it: whsec_ and base64.")]
    [InlineData("sk-123", "The webhook secret does not begin with whsec_. Set the secret itself, as OpenAI shows it, "
        + "without quotation marks: not an API key, an id, a path, or a variable that was not replaced by its value.")]
    [InlineData("whsec_!", "The webhook secret begins with whsec_, but what follows is not canonical base64. Copy the "
        + "whole secret again.")]
    [InlineData("whsec_AAAA", "The webhook secret is too short: 3 bytes, but at least 24 are required. Copy the whole "
        + "secret again.")]
    public void A_secret_that_cannot_be_used_says_why(string secret, string text)
        => FluentActions.Invoking(() => new WebhookVerifier(secret)).Should().Throw<ArgumentException>()
            .Which.Message.Should().StartWith(text + " (Parameter");

    [Fact]
    public void A_negative_tolerance_says_how_to_turn_the_check_off()
        => FluentActions.Invoking(() => new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [WebhookSigner.CreateSecret()],
            Tolerance = TimeSpan.FromSeconds(-2),
        }))
            .Should().Throw<ArgumentOutOfRangeException>().Which.Message.Should().StartWith(
                "The tolerance is negative. To turn off the timestamp check, use Timeout.InfiniteTimeSpan.");

    [Fact]
    public void An_event_prints_its_members()
        => WebhookEvent.Parse(Fixture.Events["batch.failed"]).ToString().Should().Match(
            "BatchFailedWebhookEvent { Id = evt_*, Object = event, CreatedAt = *, Type = batch.failed, Data = "
            + "BatchEventData { Id = batch_* } }");
}
