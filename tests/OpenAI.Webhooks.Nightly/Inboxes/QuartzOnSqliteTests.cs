using Microsoft.Data.Sqlite;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/inboxes/QuartzInbox.cs on a SQLite file.</summary>
public sealed class QuartzOnSqliteTests : SampleContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(While_the_engine_is_down_the_response_is_503_and_once_it_is_back_200_without_a_restart)] = NoServer,
        [nameof(While_the_engine_is_frozen_the_response_is_503_in_ten_seconds_and_then_200)] =
            NoServer,
        [nameof(A_process_that_starts_while_the_engine_is_down_works_once_it_is_back)] = NoServer,
        [nameof(A_graceful_stop_while_the_engine_is_down_lets_a_running_handler_finish)] = NoServer,
        [nameof(A_kill_before_the_engine_has_answered_loses_nothing_that_got_200)] = NoServer,
        [nameof(The_engine_killed_loses_nothing_that_got_200)] = NoServer,
        [nameof(A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again)] = NoServer,
        [nameof(A_connection_that_comes_and_goes_loses_nothing)] = NoServer,
        [nameof(Texts_that_are_not_a_delivery_become_dead_letters_once_and_are_reported)] = NobodyElseWrites,
    };

    protected override string Sample => "QuartzInbox";

    protected override string[] Options => ["--sqlite", Path.Combine(_folder.FullName, "webhooks.db")];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override Task SetEngineAsync(EngineState state) => throw new NotSupportedException(NoServer);

    protected override Task<IReadOnlyCollection<string>> ReadDeadLettersAsync() => ReadAsync(
        new SqliteConnection($"Data Source={Path.Combine(_folder.FullName, "webhooks.db")}"), DeadOfQuartz);

    protected override Task StoreTextAsync(string text) => throw new NotSupportedException(NobodyElseWrites);
}
