using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

public class SipHeadersTests
{
    private static readonly SipHeaders Headers = new(
        new SipHeader("From", "<sip:+14155550123@example.com>"),
        new SipHeader("Via", "first"),
        new SipHeader("via", "second"));

    [Fact]
    public void Parse_Headers_KeepsOrderAndRepeats()
    {
        string json = Fixture.Edit(Fixture.RealtimeCallIncoming, payload => payload["data"]!["sip_headers"] =
            JsonSerializer.SerializeToNode(Headers));

        var parsed = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(json).Data.SipHeaders;

        parsed.Should().Equal(Headers).And.HaveCount(3);
        parsed[2].Should().Be(new SipHeader("via", "second"));
    }

    [Fact]
    public void GetValue_ByName_IgnoresCaseAndTakesTheFirst()
    {
        Headers.GetValue("VIA").Should().Be("first");
        Headers.GetValue("To").Should().BeNull();
    }

    [Fact]
    public void GetValues_ByName_GivesAllInOrder()
    {
        Headers.GetValues("VIA").Should().Equal("first", "second");
        Headers.GetValues("To").Should().BeEmpty();
    }

    [Fact]
    public void Equals_SameHeadersInTheSameOrder_IsTrue()
    {
        var same = new SipHeaders(Headers.ToArray());

        same.Should().BeEquivalentTo(Headers).And.Equal(Headers);
        same.Equals((object)Headers).Should().BeTrue();
        same.GetHashCode().Should().Be(Headers.GetHashCode());
    }

    [Fact]
    public void Equals_OtherOrderNamesOrValues_IsFalse()
    {
        new SipHeaders(Headers.Reverse()).Equals(Headers).Should().BeFalse();
        new SipHeaders(Headers.Skip(1)).Equals(Headers).Should().BeFalse();
        new SipHeaders(Headers.Select(header => header with { Value = "x" })).Equals(Headers).Should().BeFalse();
        Headers.Equals(null).Should().BeFalse();
    }

    [Fact]
    public void ToString_OfHeadersAndTheEventsAroundThem_PrintsNoValues()
    {
        var received = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming);
        var withHeaders = received with { Data = received.Data with { SipHeaders = Headers } };

        Headers.ToString().Should().Be("SipHeaders [From, Via, via]");
        Headers[0].ToString().Should().Be("SipHeader { Name = From }");
        withHeaders.ToString().Should().Contain("SipHeaders [From").And.NotContain("4155550123");
    }

    [Fact]
    public void CollectionExpression_MakesHeaders()
    {
        SipHeaders headers = [new("From", "<sip:+14155550123@example.com>"), .. Headers.Skip(1)];
        SipHeaders none = [];

        headers.Should().Equal(Headers);
        none.Should().BeEmpty();
    }

    [Fact]
    public void Constructor_ChangedSource_KeepsItsOwnCopy()
    {
        SipHeader[] source = [.. Headers];
        var headers = new SipHeaders(source);

        source[0] = new SipHeader("To", "x");

        headers.Should().Equal(Headers);
    }

    [Fact]
    public void Constructor_Null_IsRefused()
    {
        FluentActions.Invoking(() => new SipHeaders(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new SipHeaders(Headers[0], null!)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new SipHeaders(null!, Headers[0])).Should().Throw<ArgumentException>().WithMessage("A header is null*");
        FluentActions.Invoking(() => SipHeaders.Create([null!])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Headers.GetValue(null!)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Indexer_OutOfRange_IsRefused(int index)
        => FluentActions.Invoking(() => Headers[index]).Should().Throw<ArgumentOutOfRangeException>();
}
