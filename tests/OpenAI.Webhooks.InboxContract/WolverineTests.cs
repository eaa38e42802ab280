using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/WolverineInbox.cs.</summary>
public sealed class WolverineTests(PostgresFixture postgres) : SampleContract(PostgresServer.Programs is null ? "PostgreSQL is not installed." : null), IClassFixture<PostgresFixture>
{
    public override string Engine => "Wolverine on PostgreSQL";

    protected override string Sample => "WolverineInbox";

    protected override string[] Options => ["--postgres", postgres.Server!.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);
}
