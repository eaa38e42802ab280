namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/WolverineInbox.cs with a RabbitMQ queue, whose state is the engine's.</summary>
public sealed class WolverineOverRabbitMqTests(PostgresFixture postgres, RabbitMqFixture rabbitMq)
    : SampleContract, IClassFixture<PostgresFixture>, IClassFixture<RabbitMqFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(A_delivery_that_crashes_its_process_each_time_is_not_retried_forever)] =
            RetriedForever,
        [nameof(While_the_engine_is_down_the_response_is_503_and_once_it_is_back_200_without_a_restart)] =
            "Does not apply: the outbox in PostgreSQL accepts the delivery, and it is handled later.",
        [nameof(A_process_that_starts_while_the_engine_is_down_works_once_it_is_back)] =
            "The process waits at its start, and then ends.",
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] =
            "Does not apply: Wolverine itself moves what is not a message of its own to another queue.",
    };

    protected override string Sample => "WolverineInbox";

    protected override string[] Options
        => ["--postgres", postgres.Server.ConnectionString, "--rabbitmq", rabbitMq.Server.Url];

    protected override Task SetEngineAsync(EngineState state) => rabbitMq.Server.SetAsync(state);

    protected override Task<IReadOnlyCollection<string>> ReadDeadLettersAsync()
        => rabbitMq.Server.ReadAsync("wolverine-dead-letter-queue");

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
