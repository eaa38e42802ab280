using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/QuartzInbox.cs on PostgreSQL, clustered.</summary>
public sealed class QuartzOnPostgresTests(PostgresFixture postgres) : SampleContract(PostgresServer.Programs is null ? "PostgreSQL is not installed." : null), IClassFixture<PostgresFixture>
{
    public override string Engine => "Quartz on PostgreSQL";

    protected override string Sample => "QuartzInbox";

    protected override string[] Options => ["--postgres", postgres.Server!.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);
}
