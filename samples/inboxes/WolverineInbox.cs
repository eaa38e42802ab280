#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package WolverineFx.Postgresql@6.62.0
#:package WolverineFx.RabbitMQ@6.62.0
#:package WolverineFx.RuntimeCompilation@6.62.0
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);CA1050

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// Stores deliveries in Wolverine's PostgreSQL queue.
//   dotnet run samples/inboxes/WolverineInbox.cs -- --postgres "Host=localhost;Username=…"
// With a RabbitMQ queue between receivers and workers, add --rabbitmq amqp://localhost.
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and
// so on.

using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.ErrorHandling;
using Wolverine.Postgresql;
using Wolverine.RabbitMQ;
using Wolverine.Runtime;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";
const string Queue = "openai_webhooks";
bool isReceiveOnly = builder.Configuration.GetValue<bool>("receiveOnly");
var waits = builder.Configuration.GetSection("retryDelays").Get<TimeSpan[]>(
    options => options.ErrorOnUnknownConfiguration = true)
    ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
builder.Services.AddScoped<WolverineInbox>();
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>()
    .AddInbox<WolverineInbox>();
if (isReceiveOnly)
{
    webhooks.ReceiveOnly();
}

// Pitfalls:
// - These options and the message store apply to the whole application.
// - Wolverine compiles code at run time. It needs WolverineFx.RuntimeCompilation to start, unless the code was
//   pregenerated.
// - A process without a handler for a message marks the message as handled, unless unknown messages are configured to
//   become dead letters.
// - Without a durable outbox, a message is lost if the process ends before the message is sent.
// - Wolverine checks custom ids for duplicates only if a mode is set, and only in handlers with [Deduplicated].
builder.Host.UseWolverine(wolverine =>
{
    wolverine.PersistMessagesWithPostgresql(builder.Configuration["postgres"]!, "wolverine").EnableMessageTransport();
    wolverine.UnknownMessageBehavior = UnknownMessageBehavior.DeadLetterQueue;
    wolverine.Durability.MessageDeduplicationMode = MessageDeduplicationMode.CompareByHash;
    wolverine.Durability.DeduplicationWindow = TimeSpan.FromDays(4);
    // after this time, other processes take over the messages of a killed process
    wolverine.Durability.StaleNodeTimeout = TimeSpan.FromSeconds(10);
    wolverine.Durability.HealthCheckPollingTime = TimeSpan.FromSeconds(2);
    wolverine.Durability.NodeReassignmentPollingTime = TimeSpan.FromSeconds(2);
    if (builder.Configuration["rabbitmq"] is { } rabbitMq)
    {
        // Without confirms, the outbox forgets a message that the broker has not stored yet.
        wolverine.UseRabbitMq(new Uri(rabbitMq)).AutoProvision().ConfigureChannelCreation(channel =>
            (channel.PublisherConfirmationsEnabled, channel.PublisherConfirmationTrackingEnabled) = (true, true));
        wolverine.PublishMessage<StoredWebhook>().ToRabbitQueue(Queue).UseDurableOutbox();
    }
    else
    {
        wolverine.PublishMessage<StoredWebhook>().ToPostgresqlQueue(Queue).UseDurableOutbox();
    }

    if (!isReceiveOnly && builder.Configuration["rabbitmq"] is not null)
    {
        wolverine.ListenToRabbitQueue(Queue).UseDurableInbox().MaximumParallelMessages(10);
    }
    else if (!isReceiveOnly)
    {
        wolverine.ListenToPostgresqlQueue(Queue).MaximumMessagesToReceive(50).PollingInterval(
            TimeSpan.FromMilliseconds(250)).UseDurableInbox().MaximumParallelMessages(10);
    }

    wolverine.OnException<UnreadableWebhookException>().Or<PermanentWebhookFailureException>().MoveToErrorQueue().And(
        ReportAsync);
    wolverine.OnAnyException().ScheduleRetry(waits).Then.MoveToErrorQueue().And(ReportAsync);
});

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

static ValueTask ReportAsync(IWolverineRuntime runtime, IEnvelopeLifecycle lifecycle, Exception exception)
{
    if (lifecycle.Envelope is { Message: StoredWebhook stored } envelope)
    {
        runtime.Services.GetRequiredService<WebhookDispatcher>().ReportDeadLetter(
            WebhookMessage.Parse(stored.Json), envelope.Attempts);
    }

    return ValueTask.CompletedTask;
}

internal sealed class WolverineInbox(IMessageBus bus) : IWebhookInbox
{
    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        => bus.SendAsync(
            new StoredWebhook(message.ToJson()), new DeliveryOptions { DeduplicationId = message.Key }).AsTask();
}

public sealed record StoredWebhook(string Json);

public static class StoredWebhookHandler
{
    [Deduplicated]
    public static Task HandleAsync(
        StoredWebhook stored, WebhookDispatcher dispatcher, CancellationToken cancellationToken)
        => dispatcher.DispatchAsync(WebhookMessage.Parse(stored.Json), cancellationToken);
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
