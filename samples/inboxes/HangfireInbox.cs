#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package Hangfire.AspNetCore@1.8.25
#:package Hangfire.PostgreSql@1.21.1
#:package Npgsql@10.0.3
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// Stores deliveries as Hangfire jobs in PostgreSQL.
//   dotnet run samples/inboxes/HangfireInbox.cs -- --postgres "Host=localhost;Username=…"
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and
// so on.

using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.Server;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using WebhookInbox;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";
bool isReceiveOnly = builder.Configuration.GetValue<bool>("receiveOnly");
var delays = new RetryDelays(builder.Configuration.GetSection("retryDelays").Get<TimeSpan[]>()
    ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)]);
builder.Services.AddSingleton(delays);
builder.Services.AddSingleton<HangfireInbox>();
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>()
    .AddInbox<HangfireInbox>();
if (isReceiveOnly)
{
    webhooks.ReceiveOnly();
}

builder.Services.AddHangfire(hangfire => hangfire
    .UsePostgreSqlStorage(
        postgres => postgres.UseNpgsqlConnection(builder.Configuration["postgres"]!),
        new PostgreSqlStorageOptions
        {
            QueuePollInterval = TimeSpan.FromSeconds(1),

            // After this time, another process takes the jobs of a killed one. While a job runs, it is renewed.
            InvisibilityTimeout = TimeSpan.FromSeconds(15),
            UseSlidingInvisibilityTimeout = true,
        })
    .UseFilter(new AutomaticRetryAttribute
    {
        Attempts = delays.All.Length,
        DelaysInSeconds = [.. delays.All.Select(delay => (int)delay.TotalSeconds)],
        OnlyOn = [typeof(RetryException)],
        LogEvents = false,
    }));
if (!isReceiveOnly)
{
    builder.Services.AddHangfireServer(server =>
    {
        server.WorkerCount = 20;
        server.SchedulePollingInterval = TimeSpan.FromSeconds(1);
    });
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

namespace WebhookInbox
{
    public sealed record RetryDelays(TimeSpan[] All);

    public sealed class RetryException(string message, Exception inner) : Exception(message, inner);

    internal sealed class HangfireInbox(IBackgroundJobClient jobs) : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            string json = message.ToJson();

            // Hangfire's client blocks, so it must not hold threads of the pool.
            return Task.Factory.StartNew(
                () => jobs.Enqueue<StoredWebhook>(job => job.HandleAsync(json, null!)),
                cancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
    }

    // The dead letters are the jobs in the state Failed. A copy of a delivery is handled again: make handlers
    // idempotent by webhook id.
    public sealed class StoredWebhook(WebhookDispatcher dispatcher, RetryDelays delays)
    {
        public async Task HandleAsync(string json, PerformContext context)
        {
            int attempt = context.GetJobParameter<int>("RetryCount") + 1;
            var result = await dispatcher.AttemptAsync(json, attempt, delays.All, cancellationToken: default);
            if (result.Exception is { } exception)
            {
                throw result.IsDeadLetter ? exception : new RetryException("It is retried.", exception);
            }
        }
    }

    internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
    {
        public Task HandleAsync(
            BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
            return Task.CompletedTask;
        }
    }
}
