#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite
#:package Npgsql
#:property PublishAot=false

// Stores each delivery before the response, and handles it afterwards, however often the process is killed in between:
//   dotnet run samples/Durable.cs                                                 in a SQLite file, webhooks.db
//   dotnet run samples/Durable.cs -- --postgres "Host=…;Username=…;Database=…"    one of a fleet on PostgreSQL
// Send it deliveries from another terminal, with the same OPENAI_WEBHOOK_SECRET, see which are dead and why, and replay one:
//   dotnet run --project src/OpenAI.Webhooks.Tool -- send batch.completed --to http://localhost:5000/webhooks/openai
//   dotnet run --project src/OpenAI.Webhooks.Tool -- send batch.failed --to http://localhost:5000/webhooks/openai
//   curl http://localhost:5000/dead
//   curl --request POST http://localhost:5000/dead/{key}/replay

using Microsoft.Data.Sqlite;
using Npgsql;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Quartz;
using Quartz;

var builder = WebApplication.CreateBuilder(args);

// For this sample only: a secret that everybody knows, unless OPENAI_WEBHOOK_SECRET is set.
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";

builder.Logging.AddFilter("Quartz", LogLevel.Warning);
builder.Services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox();
builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, ShowEvent>().AddQuartzInbox(quartz => quartz.UsePersistentStore(store =>
{
    if (builder.Configuration["postgres"] is { } connectionString)
    {
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

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");

// For operators. In an application of yours, require authorization: reasons can contain what handlers put into them.
app.MapHealthChecks("/health");
app.MapGet("/dead", (WebhookDeadLetters deadLetters) => deadLetters.ListAsync());
app.MapPost("/dead/{key}/replay", async (string key, WebhookDeadLetters deadLetters) =>
    await deadLetters.ReplayAsync(key) ? Results.Accepted() : Results.NotFound());
app.MapPost("/dead/replay", (string exceptionType, WebhookDeadLetters deadLetters) =>
    deadLetters.ReplayAllAsync(dead => dead.ExceptionType == exceptionType));
app.MapDelete("/dead/{key}", async (string key, WebhookDeadLetters deadLetters) =>
    await deadLetters.DeleteAsync(key) ? Results.NoContent() : Results.NotFound());
app.Run();

internal sealed class ShowEvent(ILogger<ShowEvent> logger) : IWebhookHandler<WebhookEvent>
{
    public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        // The slow work would be here. It may run more than once, so key what it does by the webhook id.
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        if (webhookEvent is BatchFailedWebhookEvent)
        {
            throw new PermanentWebhookFailureException("This sample gives up on failed batches, to have a dead letter to show.");
        }

        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
    }
}
