namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/MassTransitInbox.cs, over RabbitMQ.</summary>
public sealed class MassTransitTests(RabbitMqFixture rabbitMq) : SampleContract, IClassFixture<RabbitMqFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = WithoutIds(new()
    {
        [nameof(A_delivery_that_crashes_its_process_each_time_is_not_retried_forever)] =
            RetriedForever,
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] =
            "Does not apply: MassTransit itself moves what is not a message of its own to another queue.",
        [nameof(A_process_without_the_handler_does_not_lose_it)] =
            "A worker without the handler uses up the attempts. Deploy workers before receivers.",
    });

    protected override string Sample => "MassTransitInbox";

    protected override string[] Options => ["--rabbitmq", rabbitMq.Server.Url];

    protected override Task SetEngineAsync(EngineState state) => rabbitMq.Server.SetAsync(state);

    protected override Task<IReadOnlyCollection<string>> ReadDeadLettersAsync()
        => rabbitMq.Server.ReadAsync("openai-webhooks_error");

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
