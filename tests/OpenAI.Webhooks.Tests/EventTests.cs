using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

public class EventTests
{
    public static TheoryData<string> Types => Fixture.Types;

    [Theory, MemberData(nameof(Types))]
    public void Parse_Fixture_GivesTheRecordOfItsType(string type)
    {
        var parsed = WebhookEvent.Parse(Fixture.Events[type]);

        parsed.Type.Should().Be(type);
        parsed.GetType().Should().Be(Union().Single(member => member.Type == type).Record);
        WebhookEvent.Parse(Encoding.UTF8.GetBytes(Fixture.Events[type])).Should().Be(parsed);
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_Fixture_LosesNoField(string type)
    {
        string json = WebhookEvent.Parse(Fixture.Events[type]).ToJson();

        JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(Fixture.Events[type])).Should().BeTrue(json);
    }

    [Theory, MemberData(nameof(Types))]
    public void ToJson_ReadBack_GivesAnEqualEvent(string type)
    {
        var parsed = WebhookEvent.Parse(Fixture.Events[type]);

        var again = WebhookEvent.Parse(parsed.ToJson());

        again.Should().Be(parsed).And.NotBeSameAs(parsed);
        again.GetHashCode().Should().Be(parsed.GetHashCode());
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_PropertiesInAnyOrder_GivesAnEqualEvent(string type)
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
    public void Parse_ObjectOtherThanEvent_KeepsIt(string type)
    {
        string json = Fixture.Edit(Fixture.Events[type], payload => payload["object"] = "webhook.event");

        WebhookEvent.Parse(json).Object.Should().Be("webhook.event");
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_ChangedId_GivesAnotherEvent(string type)
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
    public void Parse_ResponseCompleted_FillsEveryMember()
        => WebhookEvent.Parse(Fixture.ResponseCompleted).Should().Be(new ResponseCompletedWebhookEvent
        {
            Id = "evt_685c059ae3a481909bdc86819b066fb6",
            Object = "event",
            CreatedAt = new DateTimeOffset(2025, 6, 25, 14, 20, 10, TimeSpan.Zero),
            Data = new ResponseEventData { Id = "resp_123" },
        });

    [Fact]
    public void Switch_OverAnEvent_WorksForTheEventItsFamilyAndTheUnion()
    {
        var received = WebhookEvent.Parse(Fixture.ResponseCompleted);

        (received is ResponseCompletedWebhookEvent { Data.Id: "resp_123" }).Should().BeTrue();
        (received is ResponseWebhookEvent { Data.Id: "resp_123" }).Should().BeTrue();
        (received is UnwrapWebhookEvent).Should().BeTrue();
        (received is ResponseFailedWebhookEvent or BatchWebhookEvent or UnknownWebhookEvent).Should().BeFalse();
    }

    [Fact]
    public void With_ChangedData_LeavesTheOriginalAsItWas()
    {
        var original = WebhookEvent.Parse<BatchCompletedWebhookEvent>(Fixture.Events[WebhookEventTypes.BatchCompleted]);

        var changed = original with { Data = new BatchEventData { Id = "batch_other" } };

        changed.Should().NotBe(original);
        changed.Type.Should().Be(WebhookEventTypes.BatchCompleted);
        original.Data.Id.Should().Be("batch_abc123");
    }

    [Fact]
    public void Parse_AsItsOwnTypeOrFamily_GivesIt()
    {
        WebhookEvent.Parse<ResponseCompletedWebhookEvent>(Fixture.ResponseCompleted).Data.Id.Should().Be("resp_123");
        WebhookEvent.Parse<ResponseWebhookEvent>(Encoding.UTF8.GetBytes(Fixture.ResponseCompleted)).Data.Id
            .Should().Be("resp_123");
    }

    [Fact]
    public void Parse_AsAnotherType_NamesBoth()
        => FluentActions.Invoking(() => WebhookEvent.Parse<BatchFailedWebhookEvent>(Fixture.ResponseCompleted))
            .Should().Throw<JsonException>()
            .WithMessage("*$.type is 'response.completed' (ResponseCompletedWebhookEvent) where 'batch.failed' (BatchFailedWebhookEvent) is expected.")
            .Which.Path.Should().Be("$.type");

    [Fact]
    public void Parse_AsAnotherFamily_NamesBoth()
        => FluentActions.Invoking(() => WebhookEvent.Parse<BatchWebhookEvent>(Fixture.Unknown))
            .Should().Throw<JsonException>()
            .WithMessage("*$.type is 'video.rendered' (UnknownWebhookEvent) where BatchWebhookEvent is expected.");

    [Fact]
    public void Parse_UnknownFields_IgnoresThem()
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
    public void Parse_UnknownFieldsWhoseValuesAreNamesOfKnownOnes_IgnoresThem()
    {
        foreach (string name in new[] { "id", "object", "created_at", "type", "data" })
        {
            WebhookEvent.Parse($$"""{"new":"{{name}}",{{Fixture.ResponseCompleted[1..]}}""").Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_UnknownFieldInEveryObject_IsIgnored(string type)
    {
        const string New = "\"new\":[{\"id\":\"type\",\"type\":null}],";
        string json = JsonNode.Parse(Fixture.Events[type])!.ToJsonString();

        WebhookEvent.Parse(json.Replace("{", "{" + New)).Should().Be(WebhookEvent.Parse(json));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Parse_AsAnotherTypeThatIsLong_QuotesItOnlyIfItMayBeAName(int length, bool isQuoted)
    {
        string type = new('x', length);
        string message = FluentActions.Invoking(() => WebhookEvent.Parse<BatchWebhookEvent>(Fixture.Unknown.Replace("video.rendered", type)))
            .Should().Throw<JsonException>().Which.Message;

        message.Contains(type).Should().Be(isQuoted);
    }

    [Fact]
    public void Parse_EscapedNamesAndType_ReadsThemAsWritten()
        => WebhookEvent.Parse(Fixture.ResponseCompleted.Replace("type", "\\u0074ype").Replace("response.", "r\\u0065sponse."))
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));

    [Fact]
    public void Parse_AbsentObject_IsNullAndStaysAbsent()
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
