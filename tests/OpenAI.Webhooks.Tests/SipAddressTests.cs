namespace OpenAI.Webhooks.Tests;

public class SipAddressTests
{
    [Theory]
    [InlineData("<sip:+14155550123@example.com>", null, "+14155550123", "example.com", "+14155550123")]
    [InlineData("\"Zo\u00EB \\\"Z\\\" O'Neil\" "
        + "<sip:zoe@example.com>;tag=1", "Zo\u00EB \"Z\" O'Neil", "zoe", "example.com", null)]
    [InlineData("\"<sip:mallory@evil.example>\" "
        + "<sip:alice@example.com>", "<sip:mallory@evil.example>", "alice", "example.com", null)]
    [InlineData("\"\" <sip:alice@example.com>", null, "alice", "example.com", null)]
    [InlineData("A. G. Bell <sip:agb@bell-telephone.com> ;tag=a48s", "A. G. Bell", "agb", "bell-telephone.com", null)]
    [InlineData("Anonymous <sip:anonymous@anonymous.invalid>", "Anonymous", "anonymous", "anonymous.invalid", null)]
    [InlineData(
        "sip:+12125551212@server.phone2net.com;tag=887s", null, "+12125551212", "server.phone2net.com", "+12125551212")]
    [InlineData("  \t<sip:alice@example.com>\r\n", null, "alice", "example.com", null)]
    [InlineData("<sips:alice:secret@[2001:db8::1]:5061;transport=tcp?subject=project%20x>", null, "alice",
        "[2001:db8::1]", null)]
    [InlineData("<sip:+1-415-555.0123;phone-context=example.com@example.com:5060;user=phone>", null,
        "+1-415-555.0123;phone-context=example.com", "example.com", "+14155550123")]
    [InlineData("<tel:+1-415-(555)-0123;ext=5>", null, "+1-415-(555)-0123", null, "+14155550123")]
    [InlineData("<tel:7042;phone-context=example.com>", null, "7042", null, "7042")]
    [InlineData("<SIP:%2B14155550123@EXAMPLE.com>", null, "+14155550123", "EXAMPLE.com", "+14155550123")]
    [InlineData("<sip:j%40s0n@example.com>", null, "j@s0n", "example.com", null)]
    [InlineData("<sip:example.com>", null, null, "example.com", null)]
    [InlineData("<urn:service:sos>", null, null, null, null)]
    [InlineData("<sip:\u0661\u0662@example.com>", null, "\u0661\u0662", "example.com", null)]
    [InlineData("<sip:+1%0D%0A@example.com>", "-", null, null, null)]
    [InlineData("<sip:100%zz@example.com>", null, "100%zz", "example.com", null)]
    [InlineData("<tel:+1%2>", null, "+1%2", null, null)]
    [InlineData("\"Al\r\nice\" <sip:alice@example.com>", null, "alice", "example.com", null)]
    [InlineData("\"Al\u001B[2Jice\" <sip:alice@example.com>", null, "alice", "example.com", null)]
    [InlineData(
        "Acme, Inc. <sip:+14155550123@example.com>", "Acme, Inc.", "+14155550123", "example.com", "+14155550123")]
    [InlineData("R&D <sip:+14155550123@example.com>", "R&D", "+14155550123", "example.com", "+14155550123")]
    [InlineData(
        "John (Work) <sip:+14155550123@example.com>", "John (Work)", "+14155550123", "example.com", "+14155550123")]
    [InlineData("6\" pipe <sip:+14155550123@example.com>", "6\" pipe", "+14155550123", "example.com", "+14155550123")]
    [InlineData(
        "\"J. \" Doe <sip:+14155550123@example.com>", "\"J. \" Doe", "+14155550123", "example.com", "+14155550123")]
    [InlineData("a <b> <sip:+14155550123@example.com>", "a <b>", "+14155550123", "example.com", "+14155550123")]
    [InlineData("<sip:+14155550123@example.com>;x=\"<sip:mallory@evil.example>\"", null, "+14155550123", "example.com",
        "+14155550123")]
    [InlineData("<sip:#31#0170555@example.com>", null, "#31#0170555", "example.com", "0170555")]
    [InlineData("<sip:*31#+14155550123@example.com>", null, "*31#+14155550123", "example.com", "+14155550123")]
    [InlineData("<sip:+14155550123@docker_gw>", null, "+14155550123", "docker_gw", "+14155550123")]
    [InlineData("\"Al\tice\" <sip:alice@example.com>", "Al\tice", "alice", "example.com", null)]
    [InlineData("<sip:a@b@c>", null, "a@b", "c", null)]
    [InlineData("a <sip:+14155550123@example.com>;tag=<x>", "a", "+14155550123", "example.com", "+14155550123")]
    [InlineData("a <sip:+14155550123@example.com> (c <d>)", "a", "+14155550123", "example.com", "+14155550123")]
    [InlineData("a <sip:+14155550123@example.com> (comment)", "a", "+14155550123", "example.com", "+14155550123")]
    [InlineData("<<sip:+14155550123@example.com>>", "<", "+14155550123", "example.com", "+14155550123")]
    [InlineData("< sip:+14155550123@example.com >", null, "+14155550123", "example.com", "+14155550123")]
    [InlineData("<sip:+1 415 555 0123@example.com>", null, "+1 415 555 0123", "example.com", "+14155550123")]
    [InlineData("<sip:+1%20415@example.com>", null, "+1 415", "example.com", "+1415")]
    [InlineData("<sip:+14155550123%40h@example.com>", null, "+14155550123@h", "example.com", "+14155550123")]
    [InlineData("\"<a> <sip:+14155550123@example.com>;x=<", "\"<a>", "+14155550123", "example.com", "+14155550123")]
    [InlineData("<sip:a@example.com>;x=\"\\\" <sip:mallory@evil.example>\"", null, "a", "example.com", null)]
    [InlineData("\"x\\\" <sip:alice@example.com>", "x\\", "alice", "example.com", null)]
    [InlineData("<sip:+19@zZ9.example.com>", null, "+19", "zZ9.example.com", "+19")]
    [InlineData("<sip:12#34@example.com>", null, "12#34", "example.com", null)]
    [InlineData("<a+b-c.d1:x>", null, null, null, null)]
    [InlineData("<urn:a b>", "-", null, null, null)]
    [InlineData("<urn:>", "-", null, null, null)]
    [InlineData("<urn:a\"b>", "-", null, null, null)]
    [InlineData("<urn:a<b>", "-", null, null, null)]
    [InlineData("<urn:a\u0001b>", "-", null, null, null)]
    [InlineData("<u_n:x>", "-", null, null, null)]
    [InlineData("<tel:;x=1>", "-", null, null, null)]
    [InlineData("<sip:alice@example.com]>", "-", null, null, null)]
    [InlineData("<sip:alice@[a/b]>", "-", null, null, null)]
    [InlineData("<sip:alice@[::1]x1>", "-", null, null, null)]
    [InlineData("<sip:alice@example.com:>", "-", null, null, null)]
    [InlineData("<sip:alice@example.com:5x>", "-", null, null, null)]
    [InlineData("<sip:@example.com>", "-", null, null, null)]
    [InlineData("<sip:alice@>", "-", null, null, null)]
    [InlineData("<sip:alice@exa mple.com>", "-", null, null, null)]
    [InlineData("<sip:alice@example.com:port>", "-", null, null, null)]
    [InlineData("<sip:alice@example.com", "-", null, null, null)]
    [InlineData("<sip:alice@example.com>, "
        + "<sip:bob@example.com>", "<sip:alice@example.com>,", "bob", "example.com", null)]
    [InlineData("sip:a@example.com,sip:b@example.com", "-", null, null, null)]
    [InlineData("sip:a@example.com <sip:b@example.com>", "sip:a@example.com", "b", "example.com", null)]
    [InlineData("\"open <sip:alice@example.com>", "\"open", "alice", "example.com", null)]
    [InlineData("\"ends with a backslash\\", "-", null, null, null)]
    [InlineData("\"name\" sip:alice@example.com", "-", null, null, null)]
    [InlineData("+14155550123", "-", null, null, null)]
    [InlineData("<sip:>", "-", null, null, null)]
    [InlineData("<>", "-", null, null, null)]
    [InlineData("", "-", null, null, null)]
    [InlineData(null, "-", null, null, null)]
    public void TryParse_reads_what_RFC_3261_allows_and_what_callers_write(
        string? value, string? displayName, string? user, string? host, string? phoneNumber)
    {
        bool isAddress = SipAddress.TryParse(value, out var address);

        isAddress.Should().Be(displayName != "-");
        (address?.GetDisplayName(), address?.GetUser(), address?.GetHost(), address?.GetPhoneNumber())
            .Should().Be((isAddress ? displayName : null, user, host, phoneNumber));
    }

    [Fact]
    public void TryParse_never_throws_and_gives_an_address_only_with_a_URI_of_the_value()
    {
        const string Alphabet = "<>\"\\:;@?,%+[]sip.tel 1\u00EB\n";
        var random = new Random(20261125);
        for (int i = 0; i < 20_000; i++)
        {
            string value = string.Concat(
                Enumerable.Range(0, random.Next(30)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            if (SipAddress.TryParse(value, out var address))
            {
                value.Should().Contain(address.GetUri());
            }
        }
    }

    [Fact]
    public void From_and_To_are_found_by_their_names_and_compact_forms()
    {
        new SipHeaders(new SipHeader("from", "<sip:a@example.com>"), new SipHeader("TO", "<sip:b@example.com>"))
            .Should().Match<SipHeaders>(headers =>
            headers.GetFrom()!.GetUri() == "sip:a@example.com" && headers.GetTo()!.GetUri() == "sip:b@example.com");
        new SipHeaders(new SipHeader("f", "<sip:a@example.com>"), new SipHeader("t", "nonsense"))
            .Should().Match<SipHeaders>(headers =>
            headers.GetFrom()!.GetUri() == "sip:a@example.com" && headers.GetTo() == null);
        new SipHeaders(new SipHeader("t", "<sip:a@example.com>"), new SipHeader("To", "<sip:b@example.com>")).GetTo()!
            .GetUri().Should().Be("sip:b@example.com");
        new SipHeaders(new SipHeader("t", "<sip:a@example.com>")).GetTo()!.GetUri().Should().Be("sip:a@example.com");
        new SipHeaders().GetFrom().Should().BeNull();
    }

    [Fact]
    public void ToString_says_nothing_personal()
    {
        SipAddress.TryParse("\"Zo\u00EB\" <sip:+14155550123@example.com>", out var address).Should().BeTrue();

        address!.ToString().Should().Be("SipAddress");
        typeof(SipAddress).GetProperties().Should().BeEmpty();
    }
}
