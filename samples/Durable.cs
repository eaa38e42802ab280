#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite@10.0.15
#:package Npgsql@10.0.3
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property RunWorkingDirectory=$(PWD)

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.Quartz@0.1.0
//
// Stores each delivery before the response, and handles it afterwards, even if the process is killed in between:
//   dotnet run samples/Durable.cs                                                 in a SQLite file, webhooks.db
// Or as one of several machines, on PostgreSQL:
//   dotnet run samples/Durable.cs -- --postgres "Host=…;Username=…;Database=…"
// From another terminal, with the same OPENAI_WEBHOOK_SECRET, send deliveries, list dead letters with their reasons,
// and replay one:
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

// For this sample only: a public secret, unless OPENAI_WEBHOOK_SECRET is set.
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";

builder.Logging.AddFilter("Quartz", LogLevel.Warning);
builder.Services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox();
builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, ShowEvent>().AddQuartzInbox(
    quartz => quartz.UsePersistentStore(store =>
{
    if (builder.Configuration["postgres"] is { } connectionString)
    {
        store.UsePostgres(NpgsqlFactory.Instance, connectionString).UseClustering();
    }
    else
    {
        store.UseSqlite(SqliteFactory.Instance, "Data Source=webhooks.db");
    }
}));

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");

// For operators. In your own application, require authorization: exception messages can contain private data from
// handlers.
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
    public async Task HandleAsync(
        WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        // Do the slow work here. It may run more than once, so make it idempotent by webhook id.
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        if (webhookEvent is BatchFailedWebhookEvent)
        {
            throw new PermanentWebhookFailureException(
                "This sample gives up on failed batches, to have a dead letter to show.");
        }

        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
    }
}
