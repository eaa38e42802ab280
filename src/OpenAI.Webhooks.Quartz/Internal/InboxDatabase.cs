using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Quartz;
using Quartz.Impl.AdoJobStore.Common;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// What the inbox reads from its database beside Quartz, where Quartz has no query for it, or none that is fast among a
/// million rows. It changes nothing.
/// </summary>
[SuppressMessage("Security", "CA2100", Justification = "The statements are constants, and the table prefix that "
    + "Quartz uses.")]
internal sealed class InboxDatabase(IDbProvider provider, string scheduler, string tablePrefix)
{
    // Quartz stores times as ticks in UTC.
    private string Triggers => $"{tablePrefix}TRIGGERS";

    /// <summary>Whether a provider is that of SQLite, whatever package it is from.</summary>
    public static bool IsSqlite(IDbProvider provider)
    {
        using var connection = provider.CreateConnection();
        return IsSqlite(connection);
    }

    /// <summary>
    /// Makes a SQLite file keep what it has answered through a power cut, and opens it; null for another database.
    /// </summary>
    /// <exception cref="InvalidOperationException">The file cannot have a write-ahead log.</exception>
    public async Task<SqliteFile?> OpenSqliteFileAsync(CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (!IsSqlite(connection))
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            return null;
        }

        // In SQLite's default mode, a power cut can undo the last commit.
        object? mode = await ReadOneAsync(
            connection, "PRAGMA journal_mode=WAL", cancellationToken).ConfigureAwait(false);
        object? file = await ReadOneAsync(
            connection, "SELECT file FROM pragma_database_list WHERE name = 'main'", cancellationToken)
            .ConfigureAwait(false);
        if (mode is not "wal" || file is not string { Length: > 0 } path)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new InvalidOperationException(
                $"The SQLite database of the scheduler {scheduler} cannot have a write-ahead log (journal_mode is "
                + $"{mode}), so a power "
                + "cut could lose deliveries. Use a file on a local disk that this process may write to.");
        }

        return new SqliteFile(connection, path, scheduler);
    }

    /// <summary>Reads the database's time; null if it is not known how, or if it is this machine's.</summary>
    public async Task<DateTimeOffset?> ReadTimeAsync(CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            string? sql = connection.GetType().Name switch
            {
                "NpgsqlConnection" => "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
                "MySqlConnection" => "SELECT UNIX_TIMESTAMP(SYSDATE(6))",
                _ => null,
            };
            return sql is null ? null : DateTimeOffset.UnixEpoch.AddSeconds(Convert.ToDouble(
                await ReadOneAsync(
                    connection, sql, cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The keys of the longest expired deliveries, and whether each was handled.</summary>
    public async Task<IReadOnlyList<(string Key, bool IsHandled)>> ReadExpiredAsync(
        DateTimeOffset now, int count, CancellationToken cancellationToken)
    {
        // A handled delivery has lost the trigger that handles it.
        var expired = new List<(string, bool)>();
        await ReadAsync(
            $"""
            SELECT e.JOB_NAME, (SELECT COUNT(*) FROM {Triggers} t
                WHERE t.SCHED_NAME = e.SCHED_NAME AND t.JOB_NAME = e.JOB_NAME AND t.JOB_GROUP = e.JOB_GROUP)
            FROM {Triggers} e
            WHERE e.SCHED_NAME = @scheduler AND e.TRIGGER_STATE = 'PAUSED' AND e.NEXT_FIRE_TIME < @time
                AND e.TRIGGER_GROUP = '{StoredWebhook.ForgetGroup}'
            ORDER BY e.NEXT_FIRE_TIME
            """,
            now,
            count,
            row => expired.Add((row.GetString(0), Number(row, 1) == 1)),
            cancellationToken).ConfigureAwait(false);
        return expired;
    }

    /// <summary>The keys of the dead letters, all at one moment.</summary>
    public async Task<IReadOnlyList<string>> ReadDeadAsync(DateTimeOffset now, CancellationToken cancellationToken)
        => await ReadJobsAsync(
            "TRIGGER_STATE = 'WAITING' AND NEXT_FIRE_TIME > @time",
            now + (StoredWebhook.DeadDelay / 2),
            cancellationToken).ConfigureAwait(false);

    /// <summary>The keys of the deliveries that Quartz has given up on.</summary>
    public async Task<IReadOnlyList<string>> ReadBrokenAsync(CancellationToken cancellationToken)
        => await ReadJobsAsync(
            "TRIGGER_STATE = 'ERROR'", time: null, cancellationToken).ConfigureAwait(false);

    /// <summary>Whether deliveries run, or ran when their process ended.</summary>
    public async Task<bool> AreRunningAsync(CancellationToken cancellationToken)
    {
        bool areRunning = false;
        await ReadAsync(
            $"SELECT COUNT(*) FROM {tablePrefix}FIRED_TRIGGERS WHERE SCHED_NAME = @scheduler",
            time: null,
            int.MaxValue,
            row => areRunning = Number(row, 0) > 0,
            cancellationToken).ConfigureAwait(false);
        return areRunning;
    }

    /// <summary>Counts the deliveries, all at one moment.</summary>
    public async Task<InboxCounts> ReadCountsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A dead letter's next fire time is a century away. What Quartz has given up on has none, and is due since its
        // start.
        InboxCounts? counts = null;
        long century = (now + (StoredWebhook.DeadDelay / 2)).UtcTicks;
        await ReadAsync(
            $"""
            SELECT COUNT(*), COUNT(CASE WHEN TRIGGER_STATE = 'WAITING' AND NEXT_FIRE_TIME > {century} THEN 1 END),
                MIN(CASE TRIGGER_STATE WHEN 'ERROR' THEN START_TIME WHEN 'WAITING' THEN NEXT_FIRE_TIME ELSE @time END)
            FROM {Triggers}
            WHERE SCHED_NAME = @scheduler
                AND TRIGGER_GROUP IN ('{StoredWebhook.Group}', '{SchedulerConstants.DefaultRecoveryGroup}')
            """,
            now,
            int.MaxValue,
            row =>
            {
                int dead = (int)Number(row, 1);
                long waited = row.IsDBNull(2) ? 0 : Math.Max(0, now.UtcTicks - Number(row, 2));
                counts = new((int)Number(row, 0) - dead, dead, TimeSpan.FromTicks(waited));
            },
            cancellationToken).ConfigureAwait(false);
        return counts!;
    }

    private static bool IsSqlite(DbConnection connection)
        => connection.GetType().Name.Equals("SqliteConnection", StringComparison.OrdinalIgnoreCase);

    private static async Task<object?> ReadOneAsync(
        DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = connection.CreateCommand();
        await using (command.ConfigureAwait(false))
        {
            command.CommandText = sql;
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static long Number(DbDataReader row, int column)
        => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<string>> ReadJobsAsync(
        string condition, DateTimeOffset? time, CancellationToken cancellationToken)
    {
        // Sorted here: SQLite would read all rows by an index of the names.
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        await ReadAsync(
            $"""
            SELECT JOB_NAME FROM {Triggers}
            WHERE SCHED_NAME = @scheduler AND {condition} AND JOB_GROUP = '{StoredWebhook.Group}'
            """,
            time,
            int.MaxValue,
            row => keys.Add(row.GetString(0)),
            cancellationToken).ConfigureAwait(false);
        return [.. keys];
    }

    private async Task ReadAsync(
        string sql, DateTimeOffset? time, int count, Action<DbDataReader> read, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                // Without a limit, PostgreSQL sorts all of them. Others are asked without, and read no further than
                // needed.
                bool hasLimit =
                    connection.GetType().Name is "SqliteConnection" or "NpgsqlConnection" or "MySqlConnection";
                command.CommandText = hasLimit && count < int.MaxValue ? $"{sql}\nLIMIT {count}" : sql;
                Add(command, "scheduler", scheduler);
                if (time is { } value)
                {
                    Add(command, "time", value.UtcTicks);
                }

                var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                {
                    for (int i = 0; i < count && await rows.ReadAsync(cancellationToken).ConfigureAwait(false); i++)
                    {
                        read(rows);
                    }
                }
            }
        }
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }

    private async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = provider.CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
