#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package MassTransit.RabbitMQ@8.5.12
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// Stores deliveries in a RabbitMQ queue through MassTransit 8, the last version under the Apache licence.
//   dotnet run samples/inboxes/MassTransitInbox.cs -- --rabbitmq amqp://localhost
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and
// so on. For Azure Service Bus or Amazon SQS, reference MassTransit's package for it, and call UsingAzureServiceBus or
// UsingAmazonSqs instead of UsingRabbitMq (not run).

using MassTransit;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using WebhookInbox;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";
bool isReceiveOnly = builder.Configuration.GetValue<bool>("receiveOnly");

// A delivery waits for its retry in memory, unacknowledged. All delays together must stay below RabbitMQ's
// consumer_timeout, which is 30 minutes, or the broker closes the channel.
var delays = new RetryDelays(builder.Configuration.GetSection("retryDelays").Get<TimeSpan[]>()
    ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10)]);
builder.Services.AddSingleton(delays);
builder.Services.AddSingleton<MassTransitInbox>();
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>()
    .AddInbox<MassTransitInbox>();
if (isReceiveOnly)
{
    webhooks.ReceiveOnly();
}

builder.Services.AddMassTransit(bus =>
{
    bus.AddConsumer<StoredWebhookConsumer>();
    bus.UsingRabbitMq((context, rabbit) =>
    {
        rabbit.Host(new Uri(builder.Configuration["rabbitmq"] ?? "amqp://localhost"));
        if (!isReceiveOnly)
        {
            rabbit.ReceiveEndpoint(MassTransitInbox.Queue, endpoint =>
            {
                // Each delivery that waits for its retry holds one of these.
                endpoint.PrefetchCount = 200;
                endpoint.ConcurrentMessageLimit = 200;
                endpoint.UseMessageRetry(retry => retry.Intervals(delays.All).Handle<RetryException>());
                endpoint.ConfigureConsumer<StoredWebhookConsumer>(context);
            });
        }
    });
});

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

// MassTransit rejects a message type without a namespace: it logs "Bus started", and every delivery gets 503.
namespace WebhookInbox
{
    public sealed record StoredWebhook(string Json);

    public sealed record RetryDelays(TimeSpan[] All);

    public sealed class RetryException(string message, Exception inner) : Exception(message, inner);

    internal sealed class MassTransitInbox(IBus bus) : IWebhookInbox
    {
        public const string Queue = "openai-webhooks";

        public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            var queue = await bus.GetSendEndpoint(new Uri($"queue:{Queue}"));
            await queue.Send(new StoredWebhook(message.ToJson()), cancellationToken);
        }
    }

    // The dead letters are in the queue openai-webhooks_error. A copy of a delivery is handled again: make handlers
    // idempotent by webhook id.
    public sealed class StoredWebhookConsumer(WebhookDispatcher dispatcher, RetryDelays delays)
        : IConsumer<StoredWebhook>
    {
        public async Task Consume(ConsumeContext<StoredWebhook> context)
        {
            var result = await dispatcher.AttemptAsync(
                context.Message.Json, context.GetRetryAttempt() + 1, delays.All, cancellationToken: default);
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
