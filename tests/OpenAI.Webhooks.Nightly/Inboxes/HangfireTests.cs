using Npgsql;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/HangfireInbox.cs, on PostgreSQL.</summary>
public sealed class HangfireTests(PostgresFixture postgres) : SampleContract, IClassFixture<PostgresFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = WithoutIds(new()
    {
        [nameof(A_delivery_that_crashes_its_process_each_time_is_not_retried_forever)] =
            RetriedForever,
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] = NobodyElseWrites,
    });

    // Its workers wait longer after each failure, for up to five minutes.
    protected override TimeSpan RecoveryTime => TimeSpan.FromMinutes(6);

    protected override string Sample => "HangfireInbox";

    protected override string[] Options => ["--postgres", postgres.Server.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);

    protected override Task<IReadOnlyCollection<string>> ReadDeadLettersAsync() => ReadAsync(
        new NpgsqlConnection(postgres.Server.ConnectionString),
        "SELECT arguments::text FROM hangfire.job WHERE statename = 'Failed'");

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
