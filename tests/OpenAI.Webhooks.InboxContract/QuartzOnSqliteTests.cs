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
        [nameof(A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again)] = NoServer,
        [nameof(Texts_that_are_no_delivery_are_put_aside_once_and_reported)] = NobodyElseWrites,
    };

    protected override string Sample => "QuartzInbox";

    protected override string[] Options => ["--sqlite", Path.Combine(_folder.FullName, "webhooks.db")];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override Task SetEngineAsync(EngineState state) => throw new NotSupportedException(NoServer);

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
