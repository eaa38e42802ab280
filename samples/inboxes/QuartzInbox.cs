#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite@10.0.15
#:package Npgsql@10.0.3
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property RunWorkingDirectory=$(PWD)

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.Quartz@0.1.0
//
// Stores deliveries in a SQLite file. With a connection string, it uses a PostgreSQL database that several machines can
// share. samples/Durable.cs also shows dead letters.
//   dotnet run samples/inboxes/QuartzInbox.cs -- --postgres "Host=localhost;Username=…;Maximum Pool Size=20"
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and
// so on.

using Microsoft.Data.Sqlite;
using Npgsql;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";
builder.Logging.AddFilter("Quartz", LogLevel.Warning);

// Pitfalls:
// - A SQLite file works for one machine only.
// - Machines that share a database need UseClustering.
// - Npgsql's default pool can use all of PostgreSQL's connections: set Maximum Pool Size.
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddQuartzInbox(
    quartz => quartz.UsePersistentStore(store =>
    {
        if (builder.Configuration["postgres"] is { } connectionString)
        {
            store.UsePostgres(NpgsqlFactory.Instance, connectionString).UseClustering(cluster =>
                (cluster.CheckinInterval, cluster.CheckinMisfireThreshold) =
                    (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)));
        }
        else
        {
            store.UseSqlite(SqliteFactory.Instance, $"Data Source={builder.Configuration["sqlite"] ?? "webhooks.db"}");
        }
    }),
    options => options.RetryDelays = builder.Configuration.GetSection("retryDelays")
        .Get<TimeSpan[]>(binder => binder.ErrorOnUnknownConfiguration = true) ?? options.RetryDelays);
if (builder.Configuration.GetValue<bool>("receiveOnly"))
{
    webhooks.ReceiveOnly();
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(
        BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
