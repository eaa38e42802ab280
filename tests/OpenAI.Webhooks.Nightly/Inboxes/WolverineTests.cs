using Npgsql;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/WolverineInbox.cs.</summary>
public sealed class WolverineTests(PostgresFixture postgres) : SampleContract, IClassFixture<PostgresFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(A_delivery_that_crashes_its_process_each_time_is_not_retried_forever)] =
            RetriedForever,
        [nameof(A_process_that_starts_while_the_engine_is_down_works_once_it_is_back)] = EndsWithoutEngine,
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] = NobodyElseWrites,
    };

    protected override string Sample => "WolverineInbox";

    protected override string[] Options => ["--postgres", postgres.Server.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);

    protected override Task<IReadOnlyCollection<string>> ReadDeadLettersAsync() => ReadAsync(
        new NpgsqlConnection(postgres.Server.ConnectionString),
        "SELECT encode(body, 'escape') FROM wolverine.wolverine_dead_letters");

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
