#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package Azure.Messaging.ServiceBus
#:property PublishAot=false
#:property NoWarn=$(NoWarn);NU1603

// Stores deliveries in an Azure Service Bus queue. Compiled but not run: no server was available for testing.
//   dotnet run samples/inboxes/AzureServiceBusInbox.cs -- --serviceBus "Endpoint=sb://…"
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and so on.

using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";
string connection = builder.Configuration["serviceBus"] ?? throw new InvalidOperationException("Set serviceBus to the connection string.");
builder.Services.AddSingleton(new ServiceBusClient(connection)).AddSingleton(new ServiceBusAdministrationClient(connection));
builder.Services.AddSingleton<AzureServiceBusInbox>().AddHostedService(services => services.GetRequiredService<AzureServiceBusInbox>());
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddInbox<AzureServiceBusInbox>();
if (builder.Configuration.GetValue<bool>("receiveOnly"))
{
    webhooks.ReceiveOnly();
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

// Pitfalls:
// - Duplicate detection can be turned on only when the queue is created. Its default window is ten minutes.
// - An abandoned message is redelivered immediately. To delay a retry, send a new scheduled message with a new id; the old id would
//   be a duplicate. The sequence number makes it new, and the same again if the message is redelivered.
// - To replay a dead letter, send it with a new message id. With its old id it is dropped as a duplicate, without any notice.
// - The queue's own attempt limit makes dead letters without telling the application, so it is set to the maximum, and the
//   dispatcher counts attempts.
// - A message in the Standard tier can have 256 KiB, so a payload of that size does not fit. Premium allows more.
// - To create the queue at start, the program needs Manage rights and a Service Bus that is up. Create it beforehand to avoid both.
// - A lock expires after a minute, and then another machine gets the message. Renew the lock for as long as a handler may take.
internal sealed class AzureServiceBusInbox(ServiceBusClient client, ServiceBusAdministrationClient administration, WebhookDispatcher dispatcher, IConfiguration configuration, ILogger<AzureServiceBusInbox> logger) : IHostedService, IWebhookInbox
{
    private const string Queue = "openai-webhooks", Attempts = "attempts";

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>(options => options.ErrorOnUnknownConfiguration = true) ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly ServiceBusSender _sender = client.CreateSender(Queue);
    private readonly ServiceBusProcessor _processor = client.CreateProcessor(Queue, new ServiceBusProcessorOptions { AutoCompleteMessages = false, MaxConcurrentCalls = 10, MaxAutoLockRenewalDuration = TimeSpan.FromHours(1) });

    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        => _sender.SendMessageAsync(new ServiceBusMessage(message.ToJson()) { MessageId = message.Key, CorrelationId = message.Key }, cancellationToken);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await administration.QueueExistsAsync(Queue, cancellationToken))
        {
            await administration.CreateQueueAsync(new CreateQueueOptions(Queue) { RequiresDuplicateDetection = true, DuplicateDetectionHistoryTimeWindow = TimeSpan.FromDays(4), MaxDeliveryCount = 2000 }, cancellationToken);
        }

        _processor.ProcessMessageAsync += HandleAsync;
        _processor.ProcessErrorAsync += error =>
        {
            logger.LogWarning("No messages from Service Bus: {Reason}", error.Exception.Message);
            return Task.CompletedTask;
        };
        if (dispatcher.CanDispatch())
        {
            await _processor.StartProcessingAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _processor.CloseAsync(cancellationToken);

    // Do not pass the processor's token: it is cancelled as soon as the application begins to stop, but handlers may finish.
    private async Task HandleAsync(ProcessMessageEventArgs received)
    {
        int attempt = received.Message.DeliveryCount + (received.Message.ApplicationProperties.TryGetValue(Attempts, out object? attempts) && attempts is int before ? before : 0);
        var result = await dispatcher.AttemptAsync(received.Message.Body.ToString(), attempt, _waits);
        if (result.IsDeadLetter)
        {
            await received.DeadLetterMessageAsync(received.Message, new Dictionary<string, object> { [Attempts] = 0 });
            return;
        }

        if (result.RetryDelay is { } delay)
        {
            await _sender.SendMessageAsync(new ServiceBusMessage(received.Message.Body)
            {
                MessageId = $"{received.Message.CorrelationId}/{received.Message.SequenceNumber}",
                CorrelationId = received.Message.CorrelationId,
                ScheduledEnqueueTime = DateTimeOffset.UtcNow + delay,
                ApplicationProperties = { [Attempts] = attempt },
            });
        }

        await received.CompleteMessageAsync(received.Message);
    }
}

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
