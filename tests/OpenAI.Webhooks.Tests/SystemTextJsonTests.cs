using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OpenAI.Webhooks.Tests;

/// <summary>Events in the hands of plain System.Text.Json, with whatever options an application has.</summary>
public class SystemTextJsonTests
{
    private static readonly Dictionary<string, JsonSerializerOptions> Options = new()
    {
        ["default"] = new(),
        ["web"] = new(JsonSerializerDefaults.Web),
        ["source-generated"] = AppJsonContext.Default.Options,
        ["policies"] = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
            NumberHandling = JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            PropertyNameCaseInsensitive = true,
        },
    };

    public static TheoryData<string, string> OptionsAndTypes { get; } = Combine();

    public static TheoryData<string> Types => Fixture.Types;

    public static TheoryData<string> Everywhere { get; } = ["default", "web"];

    public static TheoryData<string> OptionsNames { get; } = [.. Options.Keys];

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public async Task Deserialize_as_WebhookEvent_gives_what_parse_gives(string options, string type)
    {
        string json = Fixture.Events[type];
        var expected = WebhookEvent.Parse(json);

        JsonSerializer.Deserialize<WebhookEvent>(json, Options[options]).Should().Be(expected);
        (await JsonSerializer.DeserializeAsync<WebhookEvent>(
            new Pieces(Encoding.UTF8.GetBytes(json), 1), Options[options]))
            .Should().Be(expected);
    }

    [Theory, MemberData(nameof(Types))]
    public void Deserialize_from_a_reader_over_many_segments_gives_what_parse_gives(string type)
        => new Pieces(Encoding.UTF8.GetBytes(Fixture.Events[type]), 1).Deserialize()
        .Should().Be(WebhookEvent.Parse(Fixture.Events[type]));

    [Theory, MemberData(nameof(OptionsNames))]
    public void Deserialize_unknown_event_keeps_it_as_it_came(string options)
        => JsonSerializer.Deserialize<WebhookEvent>(Fixture.Unknown, Options[options])
            .Should().Be(
                WebhookEvent.Parse(Fixture.Unknown)).And.BeOfType<UnknownWebhookEvent>().Which.Payload.GetRawText()
            .Should().Be(Fixture.Unknown);

    [Theory, MemberData(nameof(OptionsNames))]
    public void Deserialize_as_family_gives_its_events_and_refuses_others(string options)
    {
        JsonSerializer.Deserialize<ResponseWebhookEvent>(Fixture.ResponseCompleted, Options[options])
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        FluentActions.Invoking(
            () => JsonSerializer.Deserialize<BatchWebhookEvent>(Fixture.ResponseCompleted, Options[options]))
            .Should().Throw<JsonException>().WithMessage("*'response.completed'*BatchWebhookEvent*");
    }

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public void Serialize_through_any_static_type_gives_the_same_json(string options, string type)
    {
        var webhookEvent = WebhookEvent.Parse(Fixture.Events[type]);
        string expected = webhookEvent.ToJson();

        expected.Should().StartWith($$"""{"type":"{{type}}","id":"evt_""");
        JsonSerializer.Serialize(webhookEvent, Options[options]).Should().Be(expected);
        if (options != "source-generated")
        {
            JsonSerializer.Serialize((UnwrapWebhookEvent)webhookEvent, Options[options]).Should().Be(expected);
            JsonSerializer.Serialize(webhookEvent, webhookEvent.GetType().BaseType!, Options[options])
                .Should().Be(expected);
            JsonSerializer.Serialize(webhookEvent, webhookEvent.GetType(), Options[options]).Should().Be(expected);
            JsonSerializer.Serialize<object>(webhookEvent, Options[options]).Should().Be(expected);
        }

        JsonSerializer.Serialize<IReadOnlyList<WebhookEvent>>([webhookEvent, webhookEvent], Options[options])
            .Should().Be($"[{expected},{expected}]");
    }

    [Fact]
    public void Serialize_source_generated_writes_families_events_and_objects_with_type()
    {
        var completed = WebhookEvent.Parse<ResponseCompletedWebhookEvent>(Fixture.ResponseCompleted);
        string expected = completed.ToJson();

        JsonSerializer.Serialize(completed, AppJsonContext.Default.ResponseWebhookEvent).Should().Be(expected);
        JsonSerializer.Serialize(completed, AppJsonContext.Default.ResponseCompletedWebhookEvent).Should().Be(expected);
        JsonSerializer.Serialize(completed, AppJsonContext.Default.Object).Should().Be(expected);
    }

    [Fact]
    public void Serialize_source_generated_SipHeaders_keeps_the_wires_names()
    {
        var incoming = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming);

        JsonSerializer.Serialize(incoming, AppJsonContext.Default.RealtimeCallIncomingWebhookEvent)
            .Should().Be(incoming.ToJson());
    }

    [Fact]
    public void Deserialize_list_of_events_gives_each_its_record()
        => JsonSerializer.Deserialize<List<WebhookEvent?>>($"[{Fixture.ResponseCompleted},{Fixture.Unknown},null]")
            .Should().Equal(WebhookEvent.Parse(Fixture.ResponseCompleted), WebhookEvent.Parse(Fixture.Unknown), null);

    [Fact]
    public void Deserialize_bad_event_gives_parses_message()
        => FluentActions.Invoking(
            () => JsonSerializer.Deserialize<WebhookEvent>("""{"type":"batch.failed","data":[]}"""))
            .Should().Throw<JsonException>()
            .WithMessage("The webhook payload cannot be read: $.data is an array where an object is expected.");

    [Theory, MemberData(nameof(Everywhere))]
    public void Deserialize_bad_event_inside_of_something_else_names_the_whole_path(string options)
    {
        const string Bad = """{"id":"evt_1","created_at":1,"type":"batch.failed","data":{"id":1}}""";

        Deserialize<List<WebhookEvent>>($"[{Fixture.ResponseCompleted},{Bad}]")
            .Should().Be(("$[1]", "$[1].data.id is a number where a string is expected."));
        Deserialize<Dictionary<string, BatchWebhookEvent>>($$"""{"one":{{Bad}}}""").Should().Be(
            ("$.one", "$.one.data.id is a number where a string is expected."));
        Deserialize<BatchWebhookEvent[]>($"[{Fixture.ResponseCompleted}]")
            .Should().Match<(string?, string)>(
                problem => problem.Item2.StartsWith("$[0].type is 'response.completed'"));
        Deserialize<List<SipHeaders>>("""[[],[{"name":"From"}]]""").Should().Be(("$[1]", "$[1][0].value is missing."));
        Deserialize<List<SipHeader>>("""[{"name":"From","value":null}]""").Should().Be(
            ("$[0]", "$[0].value is null where a string is expected."));
        Deserialize<RealtimeCallEventData>("""{"call_id":"rtc_1","sip_headers":[{"name":"From"}]}""").Should().Be(
            ("$.sip_headers", "$.sip_headers[0].value is missing."));
        Deserialize<List<BatchFailedWebhookEvent>>(
            """ [{"type":"batch.failed","id":"evt_1","created_at":"1","data":{"id":"batch_1"}}]""")
            .Should().Be(
                ("$[0].created_at", "$[0].created_at is a string where a number of Unix seconds is expected."));
        Deserialize<WebhookEvent>(Bad).Should().Be(("$.data.id", "$.data.id is a number where a string is expected."));

        (string?, string) Deserialize<T>(string json)
        {
            var thrown = FluentActions.Invoking(() => JsonSerializer.Deserialize<T>(json, Options[options]))
                .Should().Throw<JsonException>().Which;
            return (thrown.Path, thrown.Message.Replace("The webhook payload cannot be read: ", ""));
        }
    }

    [Fact]
    public void Serialize_a_SIP_header_alone_keeps_its_value()
    {
        string json = JsonSerializer.Serialize(new SipHeader("From", "sip:x"));

        json.Should().Be("""{"name":"From","value":"sip:x"}""");
        JsonSerializer.Deserialize<SipHeader>(json).Should().Be(new SipHeader("From", "sip:x"));
    }

    // What follows are the facts about System.Text.Json that shaped the types.

    [Theory]
    [InlineData("default")]
    [InlineData("web")]
    public void Deserialize_as_union_with_type_not_first_needs_an_option(string options)
        => FluentActions.Invoking(
            () => JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.ResponseCompleted, Options[options]))
            .Should().Throw<NotSupportedException>();

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public void Deserialize_as_union_with_out_of_order_metadata_allowed_gives_what_parse_gives(
        string options, string type)
    {
        var allowing = new JsonSerializerOptions(Options[options])
        {
            AllowOutOfOrderMetadataProperties = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.Events[type], allowing)
            .Should().Be(WebhookEvent.Parse(Fixture.Events[type]));
    }

    [Fact]
    public void Deserialize_as_union_with_allowing_context_in_other_options_needs_the_option_again()
    {
        var borrowing = new JsonSerializerOptions { TypeInfoResolver = StrictContext.Default };

        JsonSerializer.Deserialize(Fixture.ResponseCompleted, StrictContext.Default.UnwrapWebhookEvent)
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        FluentActions.Invoking(
            () => JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.ResponseCompleted, borrowing))
            .Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void Deserialize_as_union_with_type_inside_data_is_not_confused()
    {
        string json = Fixture.Edit(Fixture.ResponseCompleted, payload => payload["data"]!["type"] = "batch.failed");

        JsonSerializer.Deserialize(json, StrictContext.Default.UnwrapWebhookEvent)
            .Should().BeOfType<ResponseCompletedWebhookEvent>();
        WebhookEvent.Parse(json).Should().BeOfType<ResponseCompletedWebhookEvent>();
    }

    [Fact]
    public void Deserialize_as_union_unknown_type_is_refused_there_and_read_here()
    {
        FluentActions.Invoking(
            () => JsonSerializer.Deserialize(Fixture.Unknown, StrictContext.Default.UnwrapWebhookEvent))
            .Should().Throw<JsonException>();
        WebhookEvent.Parse(Fixture.Unknown).Should().BeOfType<UnknownWebhookEvent>();
    }

    [Fact]
    public void Type_is_written_once()
    {
        string json = WebhookEvent.Parse(Fixture.ResponseCompleted).ToJson();

        JsonDocument.Parse(json).RootElement.EnumerateObject().Count(property => property.Name == "type")
            .Should().Be(1);
    }

    [Fact]
    public void Records_of_the_union_have_no_converter_and_are_not_sealed_and_the_abstract_ones_around_them_have_one()
    {
        var types = typeof(WebhookEvent).Assembly.GetExportedTypes()
            .Where(typeof(WebhookEvent).IsAssignableFrom).ToArray();
        var inUnion = types.Where(
            type => type == typeof(UnwrapWebhookEvent)
                || (type.IsSubclassOf(typeof(UnwrapWebhookEvent)) && !type.IsAbstract)).ToArray();

        inUnion.Should().HaveCountGreaterThan(15);
        inUnion.Where(type => type.IsSealed || HasConverter(type)).Should().BeEmpty();
        types.Except(inUnion).Where(type => !HasConverter(type)).Should().BeEmpty();

        static bool HasConverter(Type type) => type.IsDefined(typeof(JsonConverterAttribute), inherit: false);
    }

    [Fact]
    public void Deserialize_as_event_another_events_payload_is_refused()
        => FluentActions.Invoking(() => JsonSerializer.Deserialize<BatchFailedWebhookEvent>(
                """{"type":"batch.completed","id":"evt_1","created_at":1,"data":{"id":"batch_1"}}"""))
            .Should().Throw<JsonException>();

    [Fact]
    public void Deserialize_as_event_its_own_payload_type_first_gives_it()
        => JsonSerializer.Deserialize<BatchFailedWebhookEvent>(
                """{"type":"batch.failed","id":"evt_1","created_at":1,"data":{"id":"batch_1"}}""")!
            .Data.Id.Should().Be("batch_1");

    [Fact]
    public void Deserialize_null_id_is_let_through_by_the_union_under_default_options_only()
    {
        const string Json = """{"type":"batch.failed","id":null,"created_at":1,"data":{"id":"batch_1"}}""";

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Json)!.Id.Should().BeNull();
        FluentActions.Invoking(() => JsonSerializer.Deserialize(Json, StrictContext.Default.UnwrapWebhookEvent))
            .Should().Throw<JsonException>();
        FluentActions.Invoking(() => JsonSerializer.Deserialize<WebhookEvent>(Json)).Should().Throw<JsonException>();
    }

    [Fact]
    public void Deserialize_duplicate_id_is_let_through_by_the_union_under_default_options_only()
    {
        const string Json = """{"type":"batch.failed","id":"a","id":"b","created_at":1,"data":{"id":"batch_1"}}""";

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Json)!.Id.Should().Be("b");
        FluentActions.Invoking(() => JsonSerializer.Deserialize(Json, StrictContext.Default.UnwrapWebhookEvent))
            .Should().Throw<JsonException>();
        FluentActions.Invoking(() => JsonSerializer.Deserialize<WebhookEvent>(Json)).Should().Throw<JsonException>();
    }

    [Fact]
    public void Deserialize_json_null_is_null_and_parse_refuses_it()
    {
        JsonSerializer.Deserialize<WebhookEvent>("null").Should().BeNull();
        FluentActions.Invoking(() => WebhookEvent.Parse("null")).Should().Throw<JsonException>();
    }

    [Fact]
    public void Events_have_no_static_method_that_would_make_minimal_APIs_bind_them_from_the_query()
        => typeof(WebhookEvent).Assembly.GetExportedTypes()
            .Where(typeof(WebhookEvent).IsAssignableFrom)
            .SelectMany(type => type.GetMethods())
            .Where(method => method.IsStatic && method.Name is "TryParse" or "BindAsync")
            .Should().BeEmpty();

    private static TheoryData<string, string> Combine()
    {
        var all = new TheoryData<string, string>();
        foreach (string options in Options.Keys)
        {
            foreach (string type in Fixture.Events.Keys)
            {
                all.Add(options, type);
            }
        }

        return all;
    }
}
