using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

/// <remarks>The current directory is the whole process's, so no other test runs meanwhile.</remarks>
[CollectionDefinition(nameof(ReadmeSnippets), DisableParallelization = true)]
[Collection(nameof(ReadmeSnippets))]
public sealed class ReadmeSnippets
{
    private const string Payload =
        """{"id":"evt_1","object":"event","created_at":1750861210,"type":"batch.completed","data":{"id":"batch_1"}}""";

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
            await using var database = new SqliteConnection("Data Source=:memory:");
            await database.OpenAsync();
            await using var tables = new SqliteCommand(
                "CREATE TABLE handled (id TEXT PRIMARY KEY); CREATE TABLE accounts (batches INT); "
                + "INSERT INTO accounts VALUES (0)",
                database);
            await tables.ExecuteNonQueryAsync();
            await using var batches = new SqliteCommand("SELECT batches FROM accounts", database);
            builder.Services.AddSingleton(database);

            #region README: durable
            builder.Services.AddOpenAIWebhooks()
                .AddHandler<WebhookEvent, TakeEffect>()
                .AddQuartzInbox(quartz => quartz.UsePersistentStore(store =>
                    store.UseSqlite("Data Source=webhooks.db")));
            #endregion

            await using var app = builder.Build();
            app.MapOpenAIWebhooks("/webhooks/openai");
            await app.StartAsync();
            using var client = new HttpClient();
            using var answer = await client.SendAsync(new WebhookSigner(Program.Secret).Sign(Payload, "wh_1").ToRequest(
                app.Urls.Single() + "/webhooks/openai"));
            answer.StatusCode.Should().Be(HttpStatusCode.OK);

            for (int i = 0; i < 100 && (long)batches.ExecuteScalar()! == 0; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }

            var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();

            #region README: dead letters
            await foreach (WebhookDeadLetter dead in deadLetters.ListAsync())
            {
                Console.WriteLine($"{dead.Key} {dead.EventType}, {dead.Attempts} attempts: {dead.ExceptionMessage}");
            }

            await deadLetters.ReplayAsync("wh_123"); // the Key of a listed dead letter
            int replayed = await deadLetters.ReplayAllAsync(dead => dead.ExceptionType == "System.TimeoutException");
            #endregion

            replayed.Should().Be(0);
            await app.StopAsync();
            await new TakeEffect(database).HandleAsync(WebhookEvent.Parse(
                Payload), new WebhookDelivery("wh_1", default, System.Text.Encoding.UTF8.GetBytes(Payload)), default);
            batches.ExecuteScalar().Should().Be(1L, "the second time does nothing");
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Options()
    {
        var builder = WebApplication.CreateBuilder();

        #region README: options
        builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, TakeEffect>().AddQuartzInbox(
            quartz => quartz.UsePersistentStore(store => store.UseSqlite("Data Source=webhooks.db")),
            inbox =>
            {
                inbox.RetryDelays = [TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)];
                inbox.Retention = TimeSpan.FromDays(4);    // how long duplicates are recognized
                inbox.MaxConcurrency = 20;
            });
        #endregion

        #region README: log less
        builder.Logging.AddFilter("Quartz", LogLevel.Warning);
        #endregion

        #region README: health of the inbox
        builder.Services.AddHealthChecks().AddOpenAIWebhooksQuartzInbox(configure: check => check.MaxDeadLetters = 10);
        #endregion

        builder.Services.Should().Contain(service => service.ServiceType == typeof(WebhookDeadLetters));
    }

    [Fact]
    public void Several_machines()
    {
        const string connectionString = "Host=localhost";
        var builder = WebApplication.CreateBuilder();

        #region README: several machines
        builder.Services.AddOpenAIWebhooks()
            .AddHandler<WebhookEvent, TakeEffect>()
            .AddQuartzInbox(quartz => quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(connectionString);
                store.UseClustering();
            }));
        #endregion

        builder.Services.Should().Contain(service => service.ServiceType == typeof(WebhookDeadLetters));
    }

    private sealed class TakeEffect(SqliteConnection database) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            #region README: an effect that happens once
            await using var transaction = (SqliteTransaction)await database.BeginTransactionAsync(cancellationToken);
            await using var first = new SqliteCommand(
                "INSERT INTO handled (id) VALUES (@id) ON CONFLICT DO NOTHING", database, transaction);
            first.Parameters.AddWithValue("@id", delivery.WebhookId);
            if (await first.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                await using var effect = new SqliteCommand(
                    "UPDATE accounts SET batches = batches + 1", database, transaction);
                await effect.ExecuteNonQueryAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            #endregion
        }
    }
}
