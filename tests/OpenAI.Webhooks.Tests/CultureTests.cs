using System.Globalization;

namespace OpenAI.Webhooks.Tests;

/// <summary>What is printed is the same everywhere, and throws nowhere.</summary>
public class CultureTests
{
    private const string Earliest = "-62135596800";
    private const string Latest = "253402300799.9999999";

    public static TheoryData<string> Types => Fixture.Types;

    [Fact]
    public void ToString_of_any_time_is_the_same_in_every_culture()
    {
        (string CreatedAt, string Printed)[] times =
        [
            (Earliest, "0001-01-01T00:00:00+00:00"),
            (Latest, "9999-12-31T23:59:59.9999999+00:00"),
            ("1750861210.5", "2025-06-25T14:20:10.5+00:00"),
        ];
        var differing = new List<string>();
        var current = CultureInfo.CurrentCulture;
        try
        {
            foreach (var culture in CultureInfo.GetCultures(CultureTypes.AllCultures))
            {
                CultureInfo.CurrentCulture = culture;
                if (!times.All(time => IsPrinted(time.CreatedAt, time.Printed)))
                {
                    differing.Add(culture.Name);
                }
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = current;
        }

        differing.Should().BeEmpty();

        static bool IsPrinted(string createdAt, string printed)
        {
            string json = Fixture.ResponseCompleted.Replace("1750861210", createdAt);
            return new[] { json, json.Replace("response.completed", "newer") }
                .All(
                    payload => WebhookEvent.Parse(payload).ToString().Contains(
                        $" CreatedAt = {printed}, ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void GetValue_in_turkish_finds_a_name_with_an_i()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("tr-TR");
            new SipHeaders(new SipHeader("Via", "first")).GetValue("VIA").Should().Be("first");
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void ToString_of_every_event_has_nothing_personal_or_secret(string type)
        => WebhookEvent.Parse(Fixture.Events[type]).ToString()
        .Should().Contain($"Type = {type}").And.NotContainAny("sip:", "http", "@", "+1");

    [Fact]
    public void ToString_of_a_connection_leaves_its_url_out()
        => new AgentSessionConnect
        {
            RemoteUrl = "https://example.com/secret",
        }.ToString().Should().Be("AgentSessionConnect { }");
}
