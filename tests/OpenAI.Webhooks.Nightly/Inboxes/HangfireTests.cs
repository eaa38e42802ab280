namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/HangfireInbox.cs, on PostgreSQL.</summary>
public sealed class HangfireTests(PostgresFixture postgres) : SampleContract, IClassFixture<PostgresFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(A_delivery_that_crashes_its_process_each_time_is_not_retried_forever)] =
            "A killed process does not count as an attempt, so such a delivery is retried forever.",
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] = NobodyElseWrites,
        [nameof(Twenty_copies_at_once_are_all_accepted_and_handled_once)] = NoIds,
        [nameof(A_copy_of_a_waiting_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_of_a_handled_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_is_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again)] = NoIds,
        [nameof(A_copy_at_another_receiver_is_not_handled_again)] = NoIds,
    };

    protected override string Sample => "HangfireInbox";

    protected override string[] Options => ["--postgres", postgres.Server.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
