#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite
#:package Npgsql
#:property PublishAot=false

// Stores each delivery before it answers, and handles it afterwards, however often the process is killed in between:
//   dotnet run samples/Durable.cs                                                 in a SQLite file, webhooks.db
//   dotnet run samples/Durable.cs -- --postgres "Host=…;Username=…;Database=…"    one of a fleet on PostgreSQL
// Send it a delivery from another terminal:
//   dotnet run samples/Send.cs batch.completed

using Microsoft.Data.Sqlite;
using Npgsql;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

var builder = WebApplication.CreateBuilder(args);

// For this sample only: a secret that everybody knows, unless OPENAI_WEBHOOK_SECRET is set.
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";

builder.Logging.AddFilter("Quartz", LogLevel.Warning);
builder.Services.AddQuartz(quartz => quartz.UsePersistentStore(store =>
{
    if (builder.Configuration["postgres"] is { } connectionString)
    {
        quartz.ConfigureScheduler(scheduler => scheduler.GenerateInstanceId = true);
        store.UsePostgres(NpgsqlFactory.Instance, connectionString).UseClustering();
    }
    else
    {
        const string File = "Data Source=webhooks.db";
        store.UseSqlite(SqliteFactory.Instance, File);

        // Once for the file: with a write-ahead log it takes more than twice as many deliveries.
        using var connection = new SqliteConnection(File);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL";
        command.ExecuteNonQuery();
    }
}));
builder.Services.AddQuartzHostedService();
builder.Services.AddOpenAIWebhooks()
    .AddHandler<WebhookEvent, ShowEvent>()
    .AddQuartzInbox();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

internal sealed class ShowEvent(ILogger<ShowEvent> logger) : IWebhookHandler<WebhookEvent>
{
    public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        // The slow work would be here. It may run more than once, so key what it does by the webhook id.
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
    }
}
