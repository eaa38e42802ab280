using System.Net.Http.Headers;

namespace OpenAI.Webhooks.Tests;

public class WebhookHeadersTests
{
    private static readonly KeyValuePair<string, string>[] Pairs =
        [new("Webhook-Id", "wh_1"), new("WEBHOOK-TIMESTAMP", "1"), new("webhook-signature", "v1,a v1,b"), new(
            "Content-Type", "application/json")];

    [Fact]
    public void From_pairs_ignores_the_case_of_names() => ShouldBeComplete(WebhookHeaders.From(Pairs));

    [Fact]
    public void From_http_headers_takes_them() => ShouldBeComplete(WebhookHeaders.From(HttpHeadersOf(Pairs)));

    [Fact]
    public void From_lookup_asks_by_name()
        => ShouldBeComplete(WebhookHeaders.From(LookupOf(Pairs)));

    [Theory]
    [InlineData("webhook-id", WebhookVerificationFailure.RepeatedId)]
    [InlineData("webhook-timestamp", WebhookVerificationFailure.RepeatedTimestamp)]
    public void From_repeated_header_is_a_failure_at_verification(string name, WebhookVerificationFailure expected)
    {
        KeyValuePair<string, string>[] pairs = [
            .. Pairs, new(name, Pairs.First(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value)];

        ShouldFailAlike(pairs, expected);
    }

    [Theory]
    [InlineData("webhook-id", WebhookVerificationFailure.MissingId)]
    [InlineData("webhook-timestamp", WebhookVerificationFailure.MissingTimestamp)]
    [InlineData("webhook-signature", WebhookVerificationFailure.MissingSignature)]
    public void From_missing_header_is_a_failure_at_verification(string name, WebhookVerificationFailure expected)
        => ShouldFailAlike(
            [.. Pairs.Where(pair => !pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase))], expected);

    [Fact]
    public void From_null_values_and_names_are_missing()
    {
        WebhookHeaders.From([new("webhook-id", null!), new(null!, "x")]).Id.Should().BeNull();
        WebhookHeaders.From(_ => [null]).Id.Should().BeNull();
        WebhookHeaders.From(_ => null).Id.Should().BeNull();
        WebhookHeaders.From(_ => [null]).ToDictionary().Should().BeEmpty();
        WebhookHeaders.From(_ => [" ", ""]).ToDictionary()
            .Should().Equal(new Dictionary<string, string> { ["webhook-signature"] = " ," });
    }

    [Fact]
    public void From_null_is_refused()
    {
        FluentActions.Invoking(() => WebhookHeaders.From((HttpHeaders)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => WebhookHeaders.From((IEnumerable<KeyValuePair<string, string>>)null!))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => WebhookHeaders.From((Func<string, IEnumerable<string?>?>)null!))
            .Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void From_names_with_several_values_each_takes_them()
    {
        ShouldBeComplete(WebhookHeaders.From(Pairs.ToDictionary(pair => pair.Key, pair => new[] { pair.Value })));
        ShouldBeComplete(
            WebhookHeaders.From<IList<string>>(
                Pairs.ToDictionary(pair => pair.Key, IList<string> (pair) => [pair.Value])));
        ShouldBeComplete(
            WebhookHeaders.From(Pairs.ToDictionary(pair => pair.Key, pair => new List<string?> { pair.Value })));
    }

    [Fact]
    public void From_names_with_no_values_are_missing_and_several_signatures_are_joined()
    {
        Dictionary<string, string[]?> headers = new()
        {
            ["Webhook-Id"] = null,
            ["webhook-timestamp"] = [],
            ["WEBHOOK-SIGNATURE"] = ["v1", "a v1", "b"],
        };

        WebhookHeaders.From(headers).ToDictionary()
            .Should().Equal(new Dictionary<string, string> { ["webhook-signature"] = "v1,a v1,b" });
        new WebhookVerifier(WebhookSigner.CreateSecret()).TryVerify("{}", WebhookHeaders.From(headers), out var failure)
            .Should().BeFalse();
        failure.Should().Be(WebhookVerificationFailure.MissingId);
    }

    [Fact]
    public void ToDictionary_gives_the_present_headers_under_names_of_any_case()
    {
        var headers = WebhookHeaders.From(Pairs).ToDictionary();

        headers.Should().Equal(new Dictionary<string, string>
        {
            ["webhook-id"] = "wh_1",
            ["webhook-timestamp"] = "1",
            ["webhook-signature"] = "v1,a v1,b",
        });
        headers["Webhook-ID"].Should().Be("wh_1");
        WebhookHeaders.From([Pairs[0]]).ToDictionary()
            .Should().Equal(new Dictionary<string, string> { ["webhook-id"] = "wh_1" });
    }

    [Fact]
    public void Loggers_that_print_enumerate_or_take_apart_find_no_signature()
    {
        var signed = new WebhookSigner(WebhookSigner.CreateSecret()).Sign("{}");

        foreach (object logged in new object[] { signed.Headers, signed, WebhookHeaders.From(Pairs) })
        {
            string.Join(' ', TakeApart(logged, depth: 4)).Should().Contain("wh_").And.NotContain("v1,");
        }

        WebhookHeaders.From(Pairs).ToString().Should().Be("WebhookHeaders wh_1 1");
    }

    // As structured loggers do it: the text, the items and the public properties, over and over.
    private static IEnumerable<string> TakeApart(object? value, int depth)
    {
        if (value is null || depth == 0)
        {
            return [];
        }

        var parts = value is System.Collections.IEnumerable items and not string ? items.Cast<object?>()
            : value.GetType().GetProperties()
            .Where(property => property.GetIndexParameters().Length == 0 && !property.PropertyType.IsByRefLike)
            .Select(property => property.GetValue(value));
        return parts.SelectMany(part => TakeApart(part, depth - 1)).Prepend(value.ToString()!);
    }

    private static void ShouldBeComplete(WebhookHeaders headers)
        => headers.ToDictionary().Should().Equal(new Dictionary<string, string>
        {
            [WebhookHeaders.IdName] = "wh_1",
            [WebhookHeaders.TimestampName] = "1",
            [WebhookHeaders.SignatureName] = "v1,a v1,b",
        });

    private static void ShouldFailAlike(KeyValuePair<string, string>[] pairs, WebhookVerificationFailure expected)
    {
        var verifier = new WebhookVerifier(WebhookSigner.CreateSecret());
        foreach (
            var headers in new[] { WebhookHeaders.From(pairs), WebhookHeaders.From(
                HttpHeadersOf(pairs)), WebhookHeaders.From(LookupOf(pairs)) })
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
        => name => pairs.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(pair => pair.Value);
}
