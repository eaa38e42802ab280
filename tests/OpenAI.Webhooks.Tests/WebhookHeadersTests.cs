using System.Net.Http.Headers;

namespace OpenAI.Webhooks.Tests;

public class WebhookHeadersTests
{
    private static readonly KeyValuePair<string, string>[] Pairs =
        [new("Webhook-Id", "wh_1"), new("WEBHOOK-TIMESTAMP", "1"), new("webhook-signature", "v1,a v1,b"), new("Content-Type", "application/json")];

    [Fact]
    public void From_Pairs_IgnoresTheCaseOfNames() => ShouldBeComplete(WebhookHeaders.From(Pairs));

    [Fact]
    public void From_HttpHeaders_TakesThem() => ShouldBeComplete(WebhookHeaders.From(HttpHeadersOf(Pairs)));

    [Fact]
    public void From_Lookup_AsksByName()
        => ShouldBeComplete(WebhookHeaders.From(LookupOf(Pairs)));

    [Theory]
    [InlineData("webhook-id", WebhookVerificationFailure.RepeatedId)]
    [InlineData("webhook-timestamp", WebhookVerificationFailure.RepeatedTimestamp)]
    [InlineData("webhook-signature", WebhookVerificationFailure.RepeatedSignature)]
    public void From_RepeatedHeader_IsAFailureAtVerification(string name, WebhookVerificationFailure expected)
    {
        KeyValuePair<string, string>[] pairs = [.. Pairs, new(name, Pairs.First(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value)];

        ShouldFailAlike(pairs, expected);
    }

    [Theory]
    [InlineData("webhook-id", WebhookVerificationFailure.MissingId)]
    [InlineData("webhook-timestamp", WebhookVerificationFailure.MissingTimestamp)]
    [InlineData("webhook-signature", WebhookVerificationFailure.MissingSignature)]
    public void From_MissingHeader_IsAFailureAtVerification(string name, WebhookVerificationFailure expected)
        => ShouldFailAlike([.. Pairs.Where(pair => !pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase))], expected);

    [Fact]
    public void From_NullValuesAndNames_AreMissing()
    {
        WebhookHeaders.From([new("webhook-id", null!), new(null!, "x")]).Id.Should().BeNull();
        WebhookHeaders.From(_ => [null]).Id.Should().BeNull();
        WebhookHeaders.From(_ => null).Id.Should().BeNull();
    }

    [Fact]
    public void From_Null_IsRefused()
    {
        FluentActions.Invoking(() => WebhookHeaders.From((HttpHeaders)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => WebhookHeaders.From((IEnumerable<KeyValuePair<string, string>>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => WebhookHeaders.From((Func<string, IEnumerable<string?>?>)null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Enumerated_GivesWhatGoesIntoARequest()
    {
        using var request = new HttpRequestMessage();
        foreach (var (name, value) in WebhookHeaders.From(Pairs))
        {
            request.Headers.Add(name, value);
        }

        ShouldBeComplete(WebhookHeaders.From(request.Headers));
        WebhookHeaders.From([Pairs[0]]).Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("webhook-id", "wh_1"));
    }

    private static void ShouldBeComplete(WebhookHeaders headers)
    {
        headers.Id.Should().Be("wh_1");
        headers.Timestamp.Should().Be("1");
        headers.Signature.Should().Be("v1,a v1,b");
    }

    private static void ShouldFailAlike(KeyValuePair<string, string>[] pairs, WebhookVerificationFailure expected)
    {
        var verifier = new WebhookVerifier("a secret as text");
        foreach (var headers in new[] { WebhookHeaders.From(pairs), WebhookHeaders.From(HttpHeadersOf(pairs)), WebhookHeaders.From(LookupOf(pairs)) })
        {
            verifier.TryVerify([], headers, out var failure).Should().BeFalse();
            failure.Should().Be(expected);
        }
    }

    private static HttpRequestHeaders HttpHeadersOf(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var headers = new HttpRequestMessage().Headers;
        foreach (var (name, value) in pairs.Where(pair => pair.Key != "Content-Type"))
        {
            headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        }

        return headers;
    }

    private static Func<string, IEnumerable<string?>?> LookupOf(IEnumerable<KeyValuePair<string, string>> pairs)
        => name => pairs.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value);
}
