using System.Globalization;

namespace OpenAI.Webhooks.Tests;

/// <summary>What is printed is the same everywhere, and throws nowhere.</summary>
public class CultureTests
{
    private const string Earliest = "-62135596800";
    private const string Latest = "253402300799.9999999";

    public static TheoryData<string> Types => Fixture.Types;

    public static TheoryData<string> Cultures { get; } = [.. CultureInfo.GetCultures(CultureTypes.AllCultures).Select(culture => culture.Name)];

    [Theory, MemberData(nameof(Cultures))]
    public void ToString_OfAnyTime_IsTheSameInEveryCulture(string name)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
            foreach (var (createdAt, printed) in new[]
            {
                (Earliest, "0001-01-01T00:00:00+00:00"),
                (Latest, "9999-12-31T23:59:59.9999999+00:00"),
                ("1750861210.5", "2025-06-25T14:20:10.5+00:00"),
            })
            {
                string json = Fixture.ResponseCompleted.Replace("1750861210", createdAt);

                WebhookEvent.Parse(json).ToString().Should().Be(
                    $"ResponseCompletedWebhookEvent {{ Id = evt_685c059ae3a481909bdc86819b066fb6, Object = event, CreatedAt = {printed}, Type = response.completed, Data = ResponseEventData {{ Id = resp_123 }} }}");
                WebhookEvent.Parse(json.Replace("response.completed", "newer")).ToString().Should().Be(
                    $"UnknownWebhookEvent {{ Id = evt_685c059ae3a481909bdc86819b066fb6, Object = event, CreatedAt = {printed}, Type = newer }}");
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void GetValue_InTurkish_FindsANameWithAnI()
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
    public void ToString_OfEveryEvent_HasNothingPersonalOrSecret(string type)
        => WebhookEvent.Parse(Fixture.Events[type]).ToString().Should().Contain($"Type = {type}").And.NotContainAny("sip:", "http", "@", "+1");

    [Fact]
    public void ToString_OfAConnection_LeavesItsUrlOut()
        => new AgentSessionConnect { RemoteUrl = "https://example.com/secret" }.ToString().Should().Be("AgentSessionConnect { }");
}
