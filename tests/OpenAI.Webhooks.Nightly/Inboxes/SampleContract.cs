using System.Data.Common;
using System.Diagnostics;
using System.Reflection;

namespace OpenAI.Webhooks.Nightly;

/// <summary>The contract for a program of samples/inboxes, as this project's build has built it.</summary>
public abstract class SampleContract : WebhookInboxContract
{
    // What does not apply to an engine. Everything else in Exceptions does not hold.
    internal const string NoServer = "Does not apply: SQLite has no server that could be down.";
    internal const string NobodyElseWrites =
        "Does not apply: only the engine itself writes to its tables, so no other text can get in.";

    // What an engine does not do.
    protected const string RetriedForever =
        "A killed process does not count as an attempt, so such a delivery is retried forever.";
    /// <summary>Quartz's dead letters: what is due in a century.</summary>
    protected const string DeadOfQuartz =
        "SELECT JOB_NAME FROM QRTZ_TRIGGERS WHERE TRIGGER_STATE = 'WAITING' AND NEXT_FIRE_TIME > 650000000000000000";
    protected const string EndsWithoutEngine =
        "The process ends with an error. Let the service manager or orchestrator start it again.";

    private const string NoIds =
        "It does not recognize ids, so a copy is handled again. Handlers must be idempotent by webhook id.";

    protected abstract string Sample { get; }

    protected abstract string[] Options { get; }

    private static string Built { get; } = typeof(SampleContract).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "Samples").Value!;

    /// <summary>The exceptions of an engine that does not recognize copies, and others.</summary>
    protected static Dictionary<string, string> WithoutIds(Dictionary<string, string> others) => new(others)
    {
        [nameof(Twenty_copies_at_once_are_all_accepted_and_handled_once)] = NoIds,
        [nameof(A_copy_of_a_waiting_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_of_a_handled_delivery_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_is_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_of_the_engine_is_not_handled_again)] = NoIds,
        [nameof(A_copy_at_another_receiver_is_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_more_than_a_minute_is_not_handled_again)] = NoIds,
        [nameof(Fifty_ids_at_two_receivers_at_once_are_each_handled_once)] = NoIds,
    };

    /// <summary>Reads a column of all rows that a statement gives.</summary>
    protected static async Task<IReadOnlyCollection<string>> ReadAsync(DbConnection connection, string sql)
    {
        await using (connection)
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            var texts = new List<string>();
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                texts.Add(rows.GetString(0));
            }

            return texts;
        }
    }

    /// <summary>How to start a program of samples/.</summary>
    internal static ProcessStartInfo Start(string sample, params string[] arguments)
        => new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", File.ReadAllText(Path.Combine(Built, $"{sample}.path")).Trim(), .. arguments]);

    protected override ProcessStartInfo CreateNode(bool isReceiveOnly)
        => Start(Sample, ["--receiveOnly", $"{isReceiveOnly}", .. RetryDelays.SelectMany(
            (delay, i) => (string[])[$"--retryDelays:{i}", $"{delay}"]), .. Options]);
}
