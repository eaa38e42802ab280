using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/inboxes/QuartzInbox.cs on a SQLite file.</summary>
public sealed class QuartzOnSqliteTests : SampleContract
{
    private const string NoServer = "SQLite has no server that could be away.";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public QuartzOnSqliteTests()
        : base(whyNot: null)
    {
    }

    public override string Engine => "Quartz on SQLite";

    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(With_the_engine_away_the_response_is_503_and_with_it_back_200_without_a_restart)] = NoServer,
        [nameof(With_the_engine_frozen_the_response_comes_within_ten_seconds_and_it_goes_on_afterwards)] = NoServer,
        [nameof(A_kill_before_the_engine_has_answered_loses_nothing_that_got_200)] = NoServer,
        [nameof(The_engine_killed_loses_nothing_that_got_200)] = NoServer,
    };

    protected override string Sample => "QuartzInbox";

    protected override string[] Options => ["--sqlite", Path.Combine(_folder.FullName, "webhooks.db")];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override Task SetEngineAsync(EngineState state) => throw new NotSupportedException(NoServer);
}

public sealed class PostgresFixture : IAsyncLifetime
{
    internal PostgresServer? Server { get; private set; }

    public async Task InitializeAsync() => Server = PostgresServer.Programs is null ? null : await PostgresServer.StartAsync();

    public async Task DisposeAsync() => await (Server?.DisposeAsync() ?? ValueTask.CompletedTask);

    internal async Task SetAsync(EngineState state)
    {
        switch (state)
        {
            case EngineState.Frozen:
                await Server!.FreezeAsync(isFrozen: true);
                break;
            case EngineState.Stopped:
                await Server!.StopAsync();
                break;
            case EngineState.Killed:
                await Server!.StopAsync("QUIT");
                break;
            case EngineState.Running when Server!.IsRunning:
                await Server.FreezeAsync(isFrozen: false);
                break;
            default:
                await Server!.StartAgainAsync();
                break;
        }
    }
}

/// <summary>samples/inboxes/QuartzInbox.cs on PostgreSQL, clustered.</summary>
public sealed class QuartzOnPostgresTests(PostgresFixture postgres) : SampleContract(PostgresServer.Programs is null ? "PostgreSQL is not installed." : null), IClassFixture<PostgresFixture>
{
    public override string Engine => "Quartz on PostgreSQL";

    protected override string Sample => "QuartzInbox";

    protected override string[] Options => ["--postgres", postgres.Server!.ConnectionString];

    protected override Task SetEngineAsync(EngineState state) => postgres.SetAsync(state);
}
