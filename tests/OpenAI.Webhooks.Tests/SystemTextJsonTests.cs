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

    public static TheoryData<string> OptionsNames { get; } = [.. Options.Keys];

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public async Task Deserialize_AsWebhookEvent_GivesWhatParseGives(string options, string type)
    {
        string json = Fixture.Events[type];
        var expected = WebhookEvent.Parse(json);

        JsonSerializer.Deserialize<WebhookEvent>(json, Options[options]).Should().Be(expected);
        (await JsonSerializer.DeserializeAsync<WebhookEvent>(new Pieces(Encoding.UTF8.GetBytes(json), 1), Options[options])).Should().Be(expected);
    }

    [Theory, MemberData(nameof(Types))]
    public void Deserialize_FromAReaderOverManySegments_GivesWhatParseGives(string type)
        => new Pieces(Encoding.UTF8.GetBytes(Fixture.Events[type]), 1).Deserialize().Should().Be(WebhookEvent.Parse(Fixture.Events[type]));

    [Theory, MemberData(nameof(OptionsNames))]
    public void Deserialize_UnknownEvent_KeepsItAsItCame(string options)
        => JsonSerializer.Deserialize<WebhookEvent>(Fixture.Unknown, Options[options])
            .Should().Be(WebhookEvent.Parse(Fixture.Unknown)).And.BeOfType<UnknownWebhookEvent>().Which.Payload.GetRawText().Should().Be(Fixture.Unknown);

    [Theory, MemberData(nameof(OptionsNames))]
    public void Deserialize_AsFamily_GivesItsEventsAndRefusesOthers(string options)
    {
        JsonSerializer.Deserialize<ResponseWebhookEvent>(Fixture.ResponseCompleted, Options[options])
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        FluentActions.Invoking(() => JsonSerializer.Deserialize<BatchWebhookEvent>(Fixture.ResponseCompleted, Options[options]))
            .Should().Throw<JsonException>().WithMessage("*'response.completed'*BatchWebhookEvent*");
    }

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public void Serialize_ThroughAnyStaticType_GivesTheSameJson(string options, string type)
    {
        var webhookEvent = WebhookEvent.Parse(Fixture.Events[type]);
        string expected = webhookEvent.ToJson();

        expected.Should().StartWith($$"""{"type":"{{type}}","id":"evt_""");
        JsonSerializer.Serialize(webhookEvent, Options[options]).Should().Be(expected);
        if (options != "source-generated")
        {
            JsonSerializer.Serialize((UnwrapWebhookEvent)webhookEvent, Options[options]).Should().Be(expected);
            JsonSerializer.Serialize(webhookEvent, webhookEvent.GetType().BaseType!, Options[options]).Should().Be(expected);
            JsonSerializer.Serialize(webhookEvent, webhookEvent.GetType(), Options[options]).Should().Be(expected);
            JsonSerializer.Serialize<object>(webhookEvent, Options[options]).Should().Be(expected);
        }

        JsonSerializer.Serialize<IReadOnlyList<WebhookEvent>>([webhookEvent, webhookEvent], Options[options])
            .Should().Be($"[{expected},{expected}]");
    }

    [Fact]
    public void Serialize_SourceGenerated_WritesFamiliesEventsAndObjectsWithType()
    {
        var completed = WebhookEvent.Parse<ResponseCompletedWebhookEvent>(Fixture.ResponseCompleted);
        string expected = completed.ToJson();

        JsonSerializer.Serialize(completed, AppJsonContext.Default.ResponseWebhookEvent).Should().Be(expected);
        JsonSerializer.Serialize(completed, AppJsonContext.Default.ResponseCompletedWebhookEvent).Should().Be(expected);
        JsonSerializer.Serialize(completed, AppJsonContext.Default.Object).Should().Be(expected);
    }

    [Fact]
    public void Serialize_SourceGeneratedSipHeaders_KeepsTheWiresNames()
    {
        var incoming = WebhookEvent.Parse<RealtimeCallIncomingWebhookEvent>(Fixture.RealtimeCallIncoming);

        JsonSerializer.Serialize(incoming, AppJsonContext.Default.RealtimeCallIncomingWebhookEvent)
            .Should().Be(incoming.ToJson());
    }

    [Fact]
    public void Deserialize_ListOfEvents_GivesEachItsRecord()
        => JsonSerializer.Deserialize<List<WebhookEvent?>>($"[{Fixture.ResponseCompleted},{Fixture.Unknown},null]")
            .Should().Equal(WebhookEvent.Parse(Fixture.ResponseCompleted), WebhookEvent.Parse(Fixture.Unknown), null);

    [Fact]
    public void Deserialize_BadEvent_GivesParsesMessage()
        => FluentActions.Invoking(() => JsonSerializer.Deserialize<WebhookEvent>("""{"type":"batch.failed","data":[]}"""))
            .Should().Throw<JsonException>()
            .WithMessage("The webhook payload cannot be read: $.data is an array where an object is expected.");

    // What follows are the facts about System.Text.Json that shaped the types.

    [Theory]
    [InlineData("default")]
    [InlineData("web")]
    public void Deserialize_AsUnionWithTypeNotFirst_NeedsAnOption(string options)
        => FluentActions.Invoking(() => JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.ResponseCompleted, Options[options]))
            .Should().Throw<NotSupportedException>();

    [Theory, MemberData(nameof(OptionsAndTypes))]
    public void Deserialize_AsUnionWithOutOfOrderMetadataAllowed_GivesWhatParseGives(string options, string type)
    {
        var allowing = new JsonSerializerOptions(Options[options]) { AllowOutOfOrderMetadataProperties = true, TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.Events[type], allowing)
            .Should().Be(WebhookEvent.Parse(Fixture.Events[type]));
    }

    [Fact]
    public void Deserialize_AsUnionWithAllowingContextInOtherOptions_NeedsTheOptionAgain()
    {
        var borrowing = new JsonSerializerOptions { TypeInfoResolver = StrictContext.Default };

        JsonSerializer.Deserialize(Fixture.ResponseCompleted, StrictContext.Default.UnwrapWebhookEvent)
            .Should().Be(WebhookEvent.Parse(Fixture.ResponseCompleted));
        FluentActions.Invoking(() => JsonSerializer.Deserialize<UnwrapWebhookEvent>(Fixture.ResponseCompleted, borrowing))
            .Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void Deserialize_AsUnionWithTypeInsideData_IsNotConfused()
    {
        string json = Fixture.Edit(Fixture.ResponseCompleted, payload => payload["data"]!["type"] = "batch.failed");

        JsonSerializer.Deserialize(json, StrictContext.Default.UnwrapWebhookEvent).Should().BeOfType<ResponseCompletedWebhookEvent>();
        WebhookEvent.Parse(json).Should().BeOfType<ResponseCompletedWebhookEvent>();
    }

    [Fact]
    public void Deserialize_AsUnionUnknownType_IsRefusedThereAndReadHere()
    {
        FluentActions.Invoking(() => JsonSerializer.Deserialize(Fixture.Unknown, StrictContext.Default.UnwrapWebhookEvent))
            .Should().Throw<JsonException>();
        WebhookEvent.Parse(Fixture.Unknown).Should().BeOfType<UnknownWebhookEvent>();
    }

    [Fact]
    public void Type_IsWrittenOnce()
    {
        string json = WebhookEvent.Parse(Fixture.ResponseCompleted).ToJson();

        JsonDocument.Parse(json).RootElement.EnumerateObject().Count(property => property.Name == "type").Should().Be(1);
    }

    [Fact]
    public void Records_of_the_union_have_no_converter_and_are_not_sealed_and_the_abstract_ones_around_them_have_one()
    {
        var types = typeof(WebhookEvent).Assembly.GetExportedTypes().Where(typeof(WebhookEvent).IsAssignableFrom).ToArray();
        var inUnion = types.Where(type => type == typeof(UnwrapWebhookEvent) || (type.IsSubclassOf(typeof(UnwrapWebhookEvent)) && !type.IsAbstract)).ToArray();

        inUnion.Should().HaveCountGreaterThan(15);
        inUnion.Where(type => type.IsSealed || HasConverter(type)).Should().BeEmpty();
        types.Except(inUnion).Where(type => !HasConverter(type)).Should().BeEmpty();

        static bool HasConverter(Type type) => type.IsDefined(typeof(JsonConverterAttribute), inherit: false);
    }

    [Fact]
    public void Deserialize_AsEventAnotherEventsPayload_IsRefused()
        => FluentActions.Invoking(() => JsonSerializer.Deserialize<BatchFailedWebhookEvent>(
                """{"type":"batch.completed","id":"evt_1","created_at":1,"data":{"id":"batch_1"}}"""))
            .Should().Throw<JsonException>();

    [Fact]
    public void Deserialize_AsEventItsOwnPayloadTypeFirst_GivesIt()
        => JsonSerializer.Deserialize<BatchFailedWebhookEvent>(
                """{"type":"batch.failed","id":"evt_1","created_at":1,"data":{"id":"batch_1"}}""")!
            .Data.Id.Should().Be("batch_1");

    [Fact]
    public void Deserialize_NullId_IsLetThroughByTheUnionUnderDefaultOptionsOnly()
    {
        const string Json = """{"type":"batch.failed","id":null,"created_at":1,"data":{"id":"batch_1"}}""";

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Json)!.Id.Should().BeNull();
        FluentActions.Invoking(() => JsonSerializer.Deserialize(Json, StrictContext.Default.UnwrapWebhookEvent)).Should().Throw<JsonException>();
        FluentActions.Invoking(() => JsonSerializer.Deserialize<WebhookEvent>(Json)).Should().Throw<JsonException>();
    }

    [Fact]
    public void Deserialize_DuplicateId_IsLetThroughByTheUnionUnderDefaultOptionsOnly()
    {
        const string Json = """{"type":"batch.failed","id":"a","id":"b","created_at":1,"data":{"id":"batch_1"}}""";

        JsonSerializer.Deserialize<UnwrapWebhookEvent>(Json)!.Id.Should().Be("b");
        FluentActions.Invoking(() => JsonSerializer.Deserialize(Json, StrictContext.Default.UnwrapWebhookEvent)).Should().Throw<JsonException>();
        FluentActions.Invoking(() => JsonSerializer.Deserialize<WebhookEvent>(Json)).Should().Throw<JsonException>();
    }

    [Fact]
    public void Deserialize_JsonNull_IsNullAndParseRefusesIt()
    {
        JsonSerializer.Deserialize<WebhookEvent>("null").Should().BeNull();
        FluentActions.Invoking(() => WebhookEvent.Parse("null")).Should().Throw<JsonException>();
    }

    [Fact]
    public void Events_have_no_static_method_that_would_make_minimal_APIs_bind_them_from_the_query()
        => typeof(WebhookEvent).Assembly.GetExportedTypes()
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
