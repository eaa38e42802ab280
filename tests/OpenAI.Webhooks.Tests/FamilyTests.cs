using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

/// <summary>A family is every event of its prefix, whatever its data.</summary>
public class FamilyTests
{
    public static TheoryData<string> Types => Fixture.Types;

    [Theory, MemberData(nameof(Types))]
    public void An_event_stands_under_the_family_of_its_prefix(string type)
    {
        // The safety events are named for what happened, and told apart by what is fetched for them.
        string[] words = type.Split('.', '_');
        var families = Ancestors(WebhookEvent.Parse(Fixture.Events[type]).GetType())
            .Select(family => family.Name[..^"WebhookEvent".Length]).ToArray();

        families.Should().NotBeEmpty();
        families[^1].Should().Be(words[0] == "safety"
            ? words.Contains("alert") ? "SafetyAlert" : "SafetyCase"
            : string.Concat(words.Take(FamilyWords(type)).Select(Capitalised)));
    }

    [Fact]
    public void Switch_over_agent_session_and_live_transport_families_gives_the_session_of_every_event()
    {
        foreach (
            string type in Fixture.Events.Keys
                .Where(
                    type => type.StartsWith("agent.session.", StringComparison.Ordinal)
                        || type.StartsWith("live.transport.", StringComparison.Ordinal)))
        {
            var data = JsonNode.Parse(Fixture.Events[type])!["data"]!;
            string? session = WebhookEvent.Parse(Fixture.Events[type]) switch
            {
                AgentSessionWebhookEvent agent => agent.SessionId,
                LiveTransportWebhookEvent transport => transport.SessionId,
                _ => null,
            };

            session.Should().Be((string?)(data["session_id"] ?? data["id"])!, type);
        }
    }

    [Fact]
    public void SessionId_is_not_on_the_wire()
        => WebhookEvent.Parse(Fixture.Events[WebhookEventTypes.AgentSessionActionRequired]).ToJson()
        .Should().NotContainEquivalentOf("sessionid");

    private static IEnumerable<Type> Ancestors(Type record)
    {
        for (var type = record.BaseType!; type != typeof(UnwrapWebhookEvent); type = type.BaseType!)
        {
            type.Should().BeAbstract().And.BeDecoratedWith<JsonConverterAttribute>();
            yield return type;
        }
    }

    private static int FamilyWords(string type)
        => type.StartsWith("fine_tuning", StringComparison.Ordinal) ? 3 : type.Split('.').Length - 1;

    private static string Capitalised(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
