using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// What a new version must not break: see "Evolution" in CONTRIBUTING.md. Fixtures/Evolution/required.txt has the
/// required members of every record, a line each; a published line never changes. Fixtures/Evolution/stored.jsonl has
/// payloads as earlier versions stored them, each event with all its members and with the required ones alone.
/// </summary>
public class EvolutionTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Evolution");

    private static readonly string[] Stored = File.ReadAllLines(Path.Combine(Folder, "stored.jsonl"));

    // Its converter writes them: it has no properties for them.
    private static readonly string[] SipHeaderNames = ["name", "value"];

    [Fact]
    public void The_required_members_are_the_frozen_ones()
    {
        string[] frozen = File.ReadAllLines(Path.Combine(Folder, "required.txt"));
        string[] actual = [
            .. Records().Select(
                record => $"{record.Name}: {string.Join(' ', WireNames(record, isRequired: true))}".TrimEnd())];

        actual.Except(frozen)
            .Should().BeEmpty("a line is missing in required.txt: add it for a new record, but make a new member of a "
                + "published record optional");
        frozen.Except(actual).Should().BeEmpty("a published line never changes");
        frozen.Should().BeInAscendingOrder(StringComparer.Ordinal);
    }

    [Fact]
    public void Payloads_stored_by_earlier_versions_are_still_read_and_lose_nothing()
    {
        foreach (string stored in Stored)
        {
            var parsed = WebhookEvent.Parse(stored);

            parsed.Should().BeAssignableTo<UnwrapWebhookEvent>();
            JsonNode.DeepEquals(JsonNode.Parse(parsed.ToJson()), JsonNode.Parse(stored)).Should().BeTrue(stored);
        }
    }

    [Fact]
    public void Every_event_is_among_the_stored_payloads_with_all_its_members_and_with_the_required_ones_alone()
    {
        var expected = Fixture.Events.Values.Select(json => WebhookEvent.Parse(json).ToJson())
            .Concat(
                Fixture.Events.Values.Select(
                    json => WebhookEvent.Parse(Fixture.WithoutOptionalMembers(json)).ToJson()));

        expected.Except(Stored).Should().BeEmpty("these lines are missing in stored.jsonl");
    }

    [Fact]
    public void Every_member_of_a_record_is_in_a_fixture_and_so_proved_to_be_read()
    {
        var written = new HashSet<string>();
        foreach (var webhookEvent in Fixture.Events.Values.Select(WebhookEvent.Parse))
        {
            Visit(webhookEvent, written);
        }

        written.Should().BeEquivalentTo(
            Records().Where(record => !record.IsAbstract)
                .SelectMany(record => WireNames(record).Select(name => $"{record.Name}.{name}")));
    }

    // The members of a value that are not null; that the reader filled them, Parse_fixture_loses_no_field shows.
    private static void Visit(object value, HashSet<string> written)
    {
        if (value is IEnumerable<object> items)
        {
            items.ToList().ForEach(item => Visit(item, written));
            return;
        }

        if (value is SipHeader)
        {
            written.UnionWith(SipHeaderNames.Select(name => $"{nameof(SipHeader)}.{name}"));
        }

        foreach (var property in value.GetType().GetProperties().Where(IsOnTheWire))
        {
            if (property.GetValue(value) is { } member)
            {
                written.Add($"{value.GetType().Name}.{WireName(property)}");
                if (member is IEnumerable<object> || member.GetType().Assembly == typeof(WebhookEvent).Assembly)
                {
                    Visit(member, written);
                }
            }
        }
    }

    private static IEnumerable<Type> Records()
        => typeof(WebhookEvent).Assembly.GetExportedTypes()
            .Where(type => type.GetMethod("<Clone>$") is not null && type != typeof(UnknownWebhookEvent));

    private static IEnumerable<string> WireNames(Type record, bool isRequired = false)
        => record.GetProperties().Where(IsOnTheWire)
            .Where(
                property => !isRequired
                    || property.CustomAttributes.Any(
                        attribute => attribute.AttributeType.Name == nameof(RequiredMemberAttribute)))
            .Select(WireName)
            .Concat(record == typeof(SipHeader) ? SipHeaderNames : [])
            .Order(StringComparer.Ordinal);

    private static bool IsOnTheWire(PropertyInfo property) => property.IsDefined(typeof(JsonPropertyNameAttribute));

    private static string WireName(PropertyInfo property)
        => property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name;
}
