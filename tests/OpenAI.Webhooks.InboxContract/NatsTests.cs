using NATS.Net;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/NatsInbox.cs.</summary>
public sealed class NatsTests(NatsFixture nats) : SampleContract(NatsFixture.Program is null ? "NATS is not installed." : null), IClassFixture<NatsFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(A_copy_of_a_dead_letter_is_accepted_and_retried)] = "A copy within the duplicate window is dropped, even if the first delivery became a dead letter.",
    };

    public override string Engine => "NATS JetStream 2.9";

    protected override string Sample => "NatsInbox";

    protected override string[] Options => ["--nats", Url];

    private string Url => $"nats://127.0.0.1:{nats.Server!.Port}";

    protected override Task SetEngineAsync(EngineState state) => nats.Server!.SetAsync(state);

    protected override async Task StoreTextAsync(string text)
    {
        await using var client = Connect();
        await client.CreateJetStreamContext().PublishAsync("openai.webhooks.waiting", text);
    }

    [SkippableFact]
    public Task What_an_operator_set_on_the_stream_stays() => PromiseAsync(async () =>
    {
        await using var client = Connect();
        var jetStream = client.CreateJetStreamContext();
        await jetStream.CreateOrUpdateStreamAsync(new("openai-webhooks", ["openai.webhooks.waiting"]) { Description = "an operator's", MaxAge = TimeSpan.FromDays(60), DuplicateWindow = TimeSpan.FromDays(4) });

        var node = await StartAsync();
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledAsync("wh_1");

        (await jetStream.GetStreamAsync("openai-webhooks")).Info.Config.Description.Should().Be("an operator's");
    });

    [SkippableFact]
    public Task The_number_of_deliveries_that_wait_for_a_retry_has_no_limit() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_1");

        await using var client = Connect();
        var consumer = await client.CreateJetStreamContext().GetConsumerAsync("openai-webhooks", "handlers");
        consumer.Info.Config.MaxAckPending.Should().Be(-1, "a thousand is the default");
    });

    [SkippableFact]
    public Task A_stream_that_was_deleted_is_created_and_consumed_again() => PromiseAsync(async () =>
    {
        var node = await StartAsync();
        await StoreAndHandleAsync(node, "wh_1");
        await using var client = Connect();
        await client.CreateJetStreamContext().DeleteStreamAsync("openai-webhooks");

        await StoreAndHandleAsync(node, "wh_2");
    });

    private NatsClient Connect() => new(Url);
}
