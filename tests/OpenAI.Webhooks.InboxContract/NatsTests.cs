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
}
