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

    protected override string[] Options => ["--nats", $"nats://127.0.0.1:{nats.Server!.Port}"];

    protected override Task SetEngineAsync(EngineState state) => nats.Server!.SetAsync(state);

    protected override async Task StoreTextAsync(string text)
    {
        await using var client = new NatsClient($"nats://127.0.0.1:{nats.Server!.Port}");
        await client.CreateJetStreamContext().PublishAsync("openai.webhooks.waiting", text);
    }

    [SkippableFact]
    public async Task What_an_operator_set_on_the_stream_stays()
    {
        Skip.If(WhyNot is not null, WhyNot);
        await using var client = new NatsClient($"nats://127.0.0.1:{nats.Server!.Port}");
        var jetStream = client.CreateJetStreamContext();
        await jetStream.CreateOrUpdateStreamAsync(new("openai-webhooks", ["openai.webhooks.waiting"]) { Description = "an operator's", MaxAge = TimeSpan.FromDays(60), DuplicateWindow = TimeSpan.FromDays(4) });

        var node = await StartAsync();
        (await StoreAsync(node, "wh_1")).Should().Be(200);
        await HandledAsync("wh_1");

        (await jetStream.GetStreamAsync("openai-webhooks")).Info.Config.Description.Should().Be("an operator's");
    }

    [SkippableFact]
    public async Task Deliveries_that_wait_for_a_retry_do_not_stop_the_consumer_however_many_they_are()
    {
        Skip.If(WhyNot is not null, WhyNot);
        var node = await StartAsync();
        await StoreUntilAcceptedAsync(node, "wh_1");
        await HandledAsync("wh_1");

        await using var client = new NatsClient($"nats://127.0.0.1:{nats.Server!.Port}");
        var consumer = await client.CreateJetStreamContext().GetConsumerAsync("openai-webhooks", "handlers");
        consumer.Info.Config.MaxAckPending.Should().Be(-1, "a thousand is the default");
    }

    [SkippableFact]
    public async Task A_stream_that_was_deleted_is_created_and_consumed_again()
    {
        Skip.If(WhyNot is not null, WhyNot);
        var node = await StartAsync();
        await StoreUntilAcceptedAsync(node, "wh_1");
        await HandledAsync("wh_1");
        await using var client = new NatsClient($"nats://127.0.0.1:{nats.Server!.Port}");
        await client.CreateJetStreamContext().DeleteStreamAsync("openai-webhooks");

        await StoreUntilAcceptedAsync(node, "wh_2");

        await HandledAsync("wh_2");
    }
}
