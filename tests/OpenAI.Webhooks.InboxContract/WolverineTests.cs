using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/WolverineInbox.cs.</summary>
public sealed class WolverineTests(PostgresFixture postgres) : SampleContract(PostgresServer.Programs is null ? "PostgreSQL is not installed." : null), IClassFixture<PostgresFixture>
{
    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(A_delivery_that_ends_its_process_each_time_has_an_end)] = "A killed process costs no attempt, so such a delivery is repeated for ever.",
        [nameof(Texts_that_are_no_delivery_are_put_aside_once_and_reported)] = NobodyElseWrites,
    };

    public override string Engine => "Wolverine on PostgreSQL";

    protected override string Sample => "WolverineInbox";

    protected override string[] Options => ["--postgres", postgres.Server!.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
