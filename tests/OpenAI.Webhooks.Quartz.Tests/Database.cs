using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>
/// A database that the tests store deliveries in, and their effects beside them: a SQLite file, PostgreSQL or MariaDB.
/// </summary>
internal sealed record Database(string Kind, string ConnectionString)
{
    /// <summary>
    /// Where the effects are: for SQLite a file of their own, so that nobody waits for the store's lock.
    /// </summary>
    private string EffectsConnectionString
        => Kind == "sqlite"
            ? ConnectionString.Replace(".db", ".effects.db", StringComparison.Ordinal)
            : ConnectionString;

    private bool IsMariaDb => Kind == "mariadb";

    private string Triggers => IsMariaDb ? "QRTZ_TRIGGERS" : "qrtz_triggers";

    private string Jobs => IsMariaDb ? "QRTZ_JOB_DETAILS" : "qrtz_job_details";

    private string Insert => IsMariaDb ? "INSERT IGNORE" : "INSERT";

    private string UnlessThere => IsMariaDb ? "" : "ON CONFLICT DO NOTHING";

    public void Use(IPersistentStoreBuilder store)
    {
        if (Kind == "sqlite")
        {
            store.UseSqlite(SqliteFactory.Instance, ConnectionString);
        }
        else
        {
            _ = IsMariaDb
                ? store.UseMySqlConnector(MySqlConnectorFactory.Instance, ConnectionString)
                : store.UsePostgres(NpgsqlFactory.Instance, ConnectionString);
            store.UseClustering(cluster =>
            {
                cluster.CheckinInterval = TimeSpan.FromSeconds(1);
                cluster.CheckinMisfireThreshold = TimeSpan.FromSeconds(3);
            });
        }
    }

    public async Task PrepareAsync()
    {
        await using var effects = await OpenAsync(EffectsConnectionString);
        if (Kind == "sqlite")
        {
            await ExecuteAsync(effects, "PRAGMA journal_mode=WAL");
        }

        await ExecuteAsync(
            effects, "CREATE TABLE IF NOT EXISTS effects (id VARCHAR(300) PRIMARY KEY, runs INT NOT NULL)");
        await ExecuteAsync(effects, "CREATE TABLE IF NOT EXISTS attempts (id VARCHAR(300) PRIMARY KEY)");
        await ExecuteAsync(effects, "CREATE TABLE IF NOT EXISTS begins (id VARCHAR(300))");
        await using var store = await OpenAsync(ConnectionString);
        await ExecuteAsync(store, "CREATE TABLE IF NOT EXISTS bare (id VARCHAR(300) PRIMARY KEY, payload TEXT)");
    }

    /// <summary>
    /// The three lines of the README: an effect that happens once, however often its delivery is handled.
    /// </summary>
    public async Task TakeEffectOnceAsync(string id)
    {
        await using var effects = await OpenAsync(EffectsConnectionString);
        await using var transaction = await effects.BeginTransactionAsync();
        if (await ExecuteAsync(effects, $"{Insert} INTO effects (id, runs) VALUES (@id, 0) "
            + $"{UnlessThere}", id, transaction) == 1)
        {
            await ExecuteAsync(effects, "UPDATE effects SET runs = runs + 1 WHERE id = @id", id, transaction);
            await transaction.CommitAsync();
        }
    }

    /// <summary>Whether this is the first attempt at a delivery.</summary>
    public async Task<bool> IsFirstAttemptAsync(string id)
    {
        await using var effects = await OpenAsync(EffectsConnectionString);
        return await ExecuteAsync(effects, $"{Insert} INTO attempts (id) VALUES (@id) {UnlessThere}", id) == 1;
    }

    /// <summary>Records that a handler has begun.</summary>
    public async Task BeginAsync(string id)
    {
        await using var effects = await OpenAsync(EffectsConnectionString);
        await ExecuteAsync(effects, "INSERT INTO begins (id) VALUES (@id)", id);
    }

    public Task<List<string>> BeginsAsync() => ReadAsync(EffectsConnectionString, "SELECT id FROM begins");

    /// <summary>
    /// What storing a delivery is measured against: one row, in one transaction, and its deletion in another.
    /// </summary>
    public async Task InsertBareAsync(string id, string payload, bool deletes = false)
    {
        await using var connection = await OpenAsync(ConnectionString);
        await using var command = Command(connection, "INSERT INTO bare (id, payload) VALUES (@id, @payload)", id);
        var parameter = command.CreateParameter();
        parameter.ParameterName = "payload";
        parameter.Value = payload;
        command.Parameters.Add(parameter);
        await command.ExecuteNonQueryAsync();
        if (deletes)
        {
            await ExecuteAsync(connection, "DELETE FROM bare WHERE id = @id", id);
        }
    }

    public Task<List<string>> EffectsAsync()
        => ReadAsync(EffectsConnectionString, "SELECT id FROM effects WHERE runs = 1");

    public Task<List<string>> JobsAsync(string group)
        => ReadAsync(ConnectionString, $"SELECT job_name FROM {Jobs} WHERE job_group = @id", group);

    /// <summary>The keys of what is stored, handled or not.</summary>
    public Task<List<string>> StoredAsync() => JobsAsync("openai-webhooks");

    /// <summary>The keys of what is dead.</summary>
    public Task<List<string>> DeadAsync()
        => ReadAsync(
            ConnectionString,
            $"SELECT job_name FROM {Triggers} WHERE trigger_group <> 'openai-webhooks-forget' AND job_group = @id AND "
            + $"next_fire_time > {DateTimeOffset.UtcNow.AddYears(50).UtcTicks}",
            "openai-webhooks");

    /// <summary>How many deliveries wait, or are being handled.</summary>
    public async Task<int> PendingAsync()
        => (await ReadAsync(ConnectionString, $"SELECT job_name FROM {Triggers} WHERE trigger_group <> "
            + "'openai-webhooks-forget' AND job_group = @id", "openai-webhooks")).Count
            - (await DeadAsync()).Count;

    /// <summary>Changes the store behind Quartz's back.</summary>
    public async Task<int> ExecuteAsync(string sql, string? id = null)
    {
        await using var store = await OpenAsync(ConnectionString);
        return await ExecuteAsync(store, sql, id);
    }

    private static async Task<int> ExecuteAsync(
        DbConnection connection, string sql, string? id = null, DbTransaction? transaction = null)
    {
        await using var command = Command(connection, sql, id);
        command.Transaction = transaction;
        return await command.ExecuteNonQueryAsync();
    }

    private async Task<List<string>> ReadAsync(string connectionString, string sql, string? id = null)
    {
        await using var connection = await OpenAsync(connectionString);
        await using var command = Command(connection, sql, id);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<string>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    private static DbCommand Command(DbConnection connection, string sql, string? id)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        if (id is not null)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "id";
            parameter.Value = id;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private async Task<DbConnection> OpenAsync(string connectionString)
    {
        DbConnection connection = Kind == "sqlite" ? new SqliteConnection(connectionString)
            : IsMariaDb ? new MySqlConnection(connectionString)
            : new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return connection;
    }
}
