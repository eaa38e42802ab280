using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

public class EventTests
{
    public static TheoryData<string> Types => Fixture.Types;

    [Theory, MemberData(nameof(Types))]
    public void Parse_fixture_gives_the_record_of_its_type(string type)
    {
        var parsed = WebhookEvent.Parse(Fixture.Events[type]);

        parsed.Type.Should().Be(type);
        parsed.GetType().Should().Be(Union().Single(member => member.Type == type).Record);
        WebhookEvent.Parse(Encoding.UTF8.GetBytes(Fixture.Events[type])).Should().Be(parsed);
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_fixture_loses_no_field(string type)
    {
        string json = WebhookEvent.Parse(Fixture.Events[type]).ToJson();

        JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(Fixture.Events[type])).Should().BeTrue(json);
    }

    [Theory, MemberData(nameof(Types))]
    public void ToJson_read_back_gives_an_equal_event(string type)
    {
        var parsed = WebhookEvent.Parse(Fixture.Events[type]);

        var again = WebhookEvent.Parse(parsed.ToJson());

        again.Should().Be(parsed).And.NotBeSameAs(parsed);
        again.GetHashCode().Should().Be(parsed.GetHashCode());
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_properties_in_any_order_gives_an_equal_event(string type)
    {
        var expected = WebhookEvent.Parse(Fixture.Events[type]);
        var properties = JsonNode.Parse(Fixture.Events[type])!.AsObject()
            .Select(property => $"\"{property.Key}\":{property.Value!.ToJsonString()}")
            .ToArray();

        foreach (var order in Permutations(properties))
        {
            WebhookEvent.Parse($"{{{string.Join(',', order)}}}").Should().Be(expected);
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_object_other_than_event_keeps_it(string type)
    {
        string json = Fixture.Edit(Fixture.Events[type], payload => payload["object"] = "webhook.event");

        WebhookEvent.Parse(json).Object.Should().Be("webhook.event");
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_changed_id_gives_another_event(string type)
    {
        string json = Fixture.Edit(Fixture.Events[type], payload => payload["id"] = "evt_other");

        WebhookEvent.Parse(json).Should().NotBe(WebhookEvent.Parse(Fixture.Events[type]));
    }

    [Fact]
    public void The_union_the_constants_and_the_fixtures_are_the_same_set()
    {
        var constants = typeof(WebhookEventTypes).GetFields().Select(field => (string)field.GetRawConstantValue()!)
            .Except([WebhookEventTypes.VideoCompleted, WebhookEventTypes.VideoFailed]);

        Union().Select(member => member.Type).Should().BeEquivalentTo(constants);
        Fixture.Events.Keys.Should().BeEquivalentTo(constants);
        Fixture.Events.Should().OnlyContain(fixture => WebhookEvent.Parse(fixture.Value).Type == fixture.Key);
    }

    [Fact]
    public void Every_concrete_record_is_in_the_union_and_repeats_its_line()
    {
        var records = typeof(UnwrapWebhookEvent).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(UnwrapWebhookEvent)))
            .ToArray();

        records.Should().BeEquivalentTo(Union().Select(member => member.Record));
        foreach (var record in records)
        {
            Lines(record).Should().Equal(Union().Single(member => member.Record == record));
        }
    }

    [Fact]
    public void Parse_response_completed_fills_every_member()
        => WebhookEvent.Parse(Fixture.ResponseCompleted).Should().Be(new ResponseCompletedWebhookEvent
        {
            Id = "evt_685c059ae3a481909bdc86819b066fb6",
            Object = "event",
            CreatedAt = new DateTimeOffset(2025, 6, 25, 14, 20, 10, TimeSpan.Zero),
            Data = new ResponseEventData { Id = "resp_123" },
        });

    [Fact]
    public void Switch_over_an_event_works_for_the_event_its_family_and_the_union()
    {
        var received = WebhookEvent.Parse(Fixture.ResponseCompleted);

        (received is ResponseCompletedWebhookEvent { Data.Id: "resp_123" }).Should().BeTrue();
        (received is ResponseWebhookEvent { Data.Id: "resp_123" }).Should().BeTrue();
        (received is UnwrapWebhookEvent).Should().BeTrue();
        (received is ResponseFailedWebhookEvent or BatchWebhookEvent or UnknownWebhookEvent).Should().BeFalse();
    }

    [Fact]
    public void With_changed_data_leaves_the_original_as_it_was()
    {
        var original = WebhookEvent.Parse<BatchCompletedWebhookEvent>(Fixture.Events[WebhookEventTypes.BatchCompleted]);

        var changed = original with { Data = new BatchEventData { Id = "batch_other" } };

        changed.Should().NotBe(original);
        changed.Type.Should().Be(WebhookEventTypes.BatchCompleted);
        original.Data.Id.Should().Be("batch_abc123");
    }

    [Fact]
    public void Parse_as_its_own_type_or_family_gives_it()
    {
        WebhookEvent.Parse<ResponseCompletedWebhookEvent>(Fixture.ResponseCompleted).Data.Id.Should().Be("resp_123");
        WebhookEvent.Parse<ResponseWebhookEvent>(Encoding.UTF8.GetBytes(Fixture.ResponseCompleted)).Data.Id
            .Should().Be("resp_123");
    }

    [Fact]
    public void Parse_as_another_type_names_both()
        => FluentActions.Invoking(() => WebhookEvent.Parse<BatchFailedWebhookEvent>(Fixture.ResponseCompleted))
            .Should().Throw<JsonException>()
            .WithMessage("*$.type is 'response.completed' (ResponseCompletedWebhookEvent) where 'batch.failed' "
                + "(BatchFailedWebhookEvent) is expected.")
            .Which.Path.Should().Be("$.type");

    [Fact]
    public void Parse_as_another_family_names_both()
        => FluentActions.Invoking(() => WebhookEvent.Parse<BatchWebhookEvent>(Fixture.Unknown))
            .Should().Throw<JsonException>()
            .WithMessage("*$.type is 'video.rendered' (UnknownWebhookEvent) where BatchWebhookEvent is expected.");

    [Fact]
    public void Parse_unknown_fields_ignores_them()
    {
        string json = Fixture.Edit(Fixture.RealtimeCallIncoming, payload =>
        {
            payload["new"] = new JsonObject { ["type"] = "batch.failed", ["deep"] = new JsonArray(1, "two", null) };
            payload["data"]!["new"] = new JsonArray(new JsonObject { ["call_id"] = 1 });
            payload["data"]!["sip_headers"]![0]!["new"] = true;
        });

        WebhookEvent.Parse(json).Should().Be(WebhookEvent.Parse(Fixture.RealtimeCallIncoming));
    }

    [Fact]
    public void Parse_unknown_fields_whose_values_are_names_of_known_ones_ignores_them()
    {
        foreach (string name in new[] { "id", "object", "created_at", "type", "data" })
        {
            WebhookEvent.Parse($$"""{"new":"{{name}}",{{Fixture.ResponseCompleted[1..]}}""").Should().Be(
                WebhookEvent.Parse(Fixture.ResponseCompleted));
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_unknown_field_in_every_object_is_ignored(string type)
    {
        const string New = "\"new\":[{\"id\":\"type\",\"type\":null}],";
        string json = JsonNode.Parse(Fixture.Events[type])!.ToJsonString();

        WebhookEvent.Parse(json.Replace("{", "{" + New)).Should().Be(WebhookEvent.Parse(json));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Parse_as_another_type_that_is_long_quotes_it_only_if_it_may_be_a_name(int length, bool isQuoted)
    {
        string type = new('x', length);
        string message = FluentActions.Invoking(
            () => WebhookEvent.Parse<BatchWebhookEvent>(Fixture.Unknown.Replace("video.rendered", type)))
            .Should().Throw<JsonException>().Which.Message;

        message.Contains(type).Should().Be(isQuoted);
    }

    [Fact]
    public void Parse_escaped_names_and_type_reads_them_as_written()
        => WebhookEvent.Parse(
            Fixture.ResponseCompleted.Replace("type", "\\u0074ype").Replace("response.", "r\\u0065sponse."))
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));

    [Fact]
    public void Parse_absent_object_is_null_and_stays_absent()
    {
        var parsed = WebhookEvent.Parse(Fixture.Edit(Fixture.ResponseCompleted, payload => payload.Remove("object")));

        parsed.Object.Should().BeNull();
        parsed.ToJson().Should().NotContain("object");
    }

    [Fact]
    public void Public_members_can_be_set_by_initializers_only_and_expose_no_collection_that_can_be_changed()
    {
        var properties = typeof(WebhookEvent).Assembly.GetExportedTypes()
            .Where(type => type.GetMethod("<Clone>$") is not null || type == typeof(SipHeaders))
            .SelectMany(type => type.GetProperties())
            .ToArray();

        properties.Should().Contain(property => property.Name == nameof(WebhookEvent.Id));
        properties.Where(property => property.SetMethod is { } set
                && set.ReturnParameter.GetRequiredCustomModifiers().All(modifier => modifier.Name != "IsExternalInit"))
            .Should().BeEmpty();
        properties.Where(property => typeof(System.Collections.IList).IsAssignableFrom(property.PropertyType))
            .Should().BeEmpty();
        WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming).Data.SipHeaders
            .Should().NotBeAssignableTo<ICollection<SipHeader>>();
    }

    private static IReadOnlyList<(string Type, Type Record)> Union() => Lines(typeof(UnwrapWebhookEvent));

    private static IReadOnlyList<(string Type, Type Record)> Lines(Type type) =>
    [
        .. type.GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false)
            .Cast<JsonDerivedTypeAttribute>()
            .Select(line => ((string)line.TypeDiscriminator!, line.DerivedType)),
    ];

    private static IEnumerable<IEnumerable<T>> Permutations<T>(IReadOnlyCollection<T> items)
        => items.Count == 0
            ? [[]]
            : items.SelectMany((item, index) =>
                Permutations<T>([.. items.Where((_, other) => other != index)]).Select(rest => rest.Prepend(item)));
}
