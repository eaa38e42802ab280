using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class ReadmeSnippets
{
    private const string Payload = """{"id":"evt_1","object":"event","created_at":1750861210,"type":"batch.completed","data":{"id":"batch_1"}}""";

    [Fact]
    public async Task Durable()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder);
        try
        {
            var builder = WebApplication.CreateBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Configuration["OPENAI_WEBHOOK_SECRET"] = Program.Secret;
            var effects = new Effects();
            builder.Services.AddSingleton(effects);

            #region README: durable
            builder.Services.AddQuartz(quartz => quartz.UsePersistentStore(store =>
                store.UseSqlite(SqliteFactory.Instance, "Data Source=webhooks.db")));    // or UsePostgres and UseClustering, for a fleet
            builder.Services.AddQuartzHostedService();
            builder.Services.AddOpenAIWebhooks()
                .AddHandler<WebhookEvent, TakeEffect>()
                .AddQuartzInbox();                                                       // stored, then answered; handled afterwards, with retries
            #endregion

            await using var app = builder.Build();
            app.MapOpenAIWebhooks("/webhooks/openai");
            await app.StartAsync();
            using var client = new HttpClient();
            using var answer = await client.SendAsync(new WebhookSigner(Program.Secret).Sign(Payload, "wh_1").ToRequest(app.Urls.Single() + "/webhooks/openai"));
            answer.StatusCode.Should().Be(HttpStatusCode.OK);

            for (int i = 0; i < 100 && effects.Batches == 0; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }

            await app.StopAsync();
            await new TakeEffect(effects).HandleAsync(WebhookEvent.Parse(Payload), new WebhookDelivery("wh_1", default, System.Text.Encoding.UTF8.GetBytes(Payload)), default);
            effects.Batches.Should().Be(1, "the second time does nothing");
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class TakeEffect(Effects effects) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            #region README: an effect that happens once
            await using var transaction = await effects.BeginTransactionAsync(cancellationToken);
            if (await effects.ExecuteAsync("INSERT INTO handled (id) VALUES (@id) ON CONFLICT DO NOTHING", delivery.WebhookId) == 1)
            {
                await effects.ExecuteAsync("UPDATE accounts SET batches = batches + 1", delivery.WebhookId);
                await transaction.CommitAsync(cancellationToken);
            }
            #endregion
        }
    }

    private sealed class Effects : IDisposable
    {
        private readonly SqliteConnection _connection = new("Data Source=:memory:");
        private SqliteTransaction? _transaction;

        public Effects()
        {
            _connection.Open();
            ExecuteAsync("CREATE TABLE handled (id TEXT PRIMARY KEY); CREATE TABLE accounts (batches INT); INSERT INTO accounts VALUES (0)", "").Wait();
        }

        public long Batches
        {
            get
            {
                using var command = new SqliteCommand("SELECT batches FROM accounts", _connection, _transaction?.Connection is null ? null : _transaction);
                return (long)command.ExecuteScalar()!;
            }
        }

        public async ValueTask<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken)
            => _transaction = (SqliteTransaction)await _connection.BeginTransactionAsync(cancellationToken);

        public async Task<int> ExecuteAsync(string sql, string id)
        {
#pragma warning disable CA2100 // The statements are constants of this file.
            await using var command = new SqliteCommand(sql, _connection, _transaction);
#pragma warning restore CA2100
            command.Parameters.AddWithValue("@id", id);
            return await command.ExecuteNonQueryAsync();
        }

        public void Dispose() => _connection.Dispose();
    }
}
