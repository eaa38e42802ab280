using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class SipHeadersTests
{
    private static readonly SipHeaders Headers = new(
        new SipHeader("From", "<sip:+14155550123@example.com>"),
        new SipHeader("Via", "first"),
        new SipHeader("via", "second"));

    [Fact]
    public void Parse_headers_keeps_order_and_repeats()
    {
        string json = Fixture.Edit(Fixture.RealtimeCallIncoming, payload => payload["data"]!["sip_headers"] =
            JsonSerializer.SerializeToNode(Headers));

        var parsed = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(json).Data.SipHeaders;

        parsed.Should().Equal(Headers).And.HaveCount(3);
        parsed[2].Should().Be(new SipHeader("via", "second"));
    }

    [Fact]
    public void GetValue_by_name_ignores_case_and_takes_the_first()
    {
        Headers.GetValue("VIA").Should().Be("first");
        Headers.GetValue("To").Should().BeNull();
    }

    [Fact]
    public void GetValues_by_name_gives_all_in_order()
    {
        Headers.GetValues("VIA").Should().Equal("first", "second");
        Headers.GetValues("To").Should().BeEmpty();
    }

    [Fact]
    public void Equals_same_headers_in_the_same_order_is_true()
    {
        var same = new SipHeaders(Headers.ToArray());

        same.Should().BeEquivalentTo(Headers).And.Equal(Headers);
        same.Equals((object)Headers).Should().BeTrue();
        same.GetHashCode().Should().Be(Headers.GetHashCode());
    }

    [Fact]
    public void Equals_other_order_names_or_values_is_false()
    {
        new SipHeaders(Headers.Reverse()).Equals(Headers).Should().BeFalse();
        new SipHeaders(Headers.Skip(1)).Equals(Headers).Should().BeFalse();
        new SipHeaders(Headers.Select(header => new SipHeader(header.Name, "x"))).Equals(Headers).Should().BeFalse();
        Headers.Equals(null).Should().BeFalse();
    }

    [Fact]
    public void ToString_of_headers_and_the_events_around_them_prints_no_values()
    {
        var received = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming);
        var withHeaders = received with { Data = received.Data with { SipHeaders = Headers } };

        Headers.ToString().Should().Be("SipHeaders [From, Via, via]");
        Headers[0].ToString().Should().Be("SipHeader { Name = From }");
        withHeaders.ToString().Should().Contain("SipHeaders [From").And.NotContain("4155550123");
    }

    [Fact]
    public void CollectionExpression_makes_headers()
    {
        SipHeaders headers = [new("From", "<sip:+14155550123@example.com>"), .. Headers.Skip(1)];
        SipHeaders none = [];

        headers.Should().Equal(Headers);
        none.Should().BeEmpty();
    }

    [Fact]
    public void Constructor_changed_source_keeps_its_own_copy()
    {
        SipHeader[] source = [.. Headers];
        var headers = new SipHeaders(source);

        source[0] = new SipHeader("To", "x");

        headers.Should().Equal(Headers);
    }

    [Fact]
    public void Constructor_null_is_refused()
    {
        FluentActions.Invoking(() => new SipHeaders(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new SipHeaders(Headers[0], null!)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new SipHeaders(null!, Headers[0]))
            .Should().Throw<ArgumentException>().WithMessage("A header is null*");
        FluentActions.Invoking(() => SipHeaders.Create([null!])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Headers.GetValue(null!)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Indexer_out_of_range_is_refused(int index)
        => FluentActions.Invoking(() => Headers[index]).Should().Throw<ArgumentOutOfRangeException>();
}
