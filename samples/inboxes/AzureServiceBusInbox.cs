#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package Azure.Messaging.ServiceBus
#:property PublishAot=false
#:property NoWarn=$(NoWarn);NU1603

// Deliveries wait in a queue of Azure Service Bus. Compiled, not run: there is no server for it to try.
//   dotnet run samples/inboxes/AzureServiceBusInbox.cs -- --serviceBus "Endpoint=sb://…"
// A process that only receives: --receiveOnly true. The waits between attempts: --retryDelays:0 00:00:05, and so on.

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

// Traps:
// - Duplicate detection can only be set when the queue is made, and its window is ten minutes unless it is set.
// - An abandoned message comes again at once. A wait is a new message with a time, and an id of its own: the old id is a duplicate.
// - The queue's own limit of attempts makes dead letters without telling the application, so it is as high as it can be, and the dispatcher counts.
// - A message takes 256 KiB in the Standard tier, and a payload of that size does not fit. Premium takes more.
// - A lock ends after a minute, and another machine gets the message: renew it for as long as a handler may take.
internal sealed class AzureServiceBusInbox(ServiceBusClient client, ServiceBusAdministrationClient administration, WebhookDispatcher dispatcher, IConfiguration configuration, ILogger<AzureServiceBusInbox> logger) : IHostedService, IWebhookInbox
{
    private const string Queue = "openai-webhooks", Attempts = "attempts";

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly ServiceBusSender _sender = client.CreateSender(Queue);
    private readonly ServiceBusProcessor _processor = client.CreateProcessor(Queue, new ServiceBusProcessorOptions { AutoCompleteMessages = false, MaxConcurrentCalls = 10, MaxAutoLockRenewalDuration = TimeSpan.FromHours(1) });

    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        => _sender.SendMessageAsync(new ServiceBusMessage(message.ToJson()) { MessageId = message.Key }, cancellationToken);

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

    // Without the processor's token, which is cancelled as soon as the application begins to stop: handlers may finish.
    private async Task HandleAsync(ProcessMessageEventArgs received)
    {
        int before = received.Message.ApplicationProperties.TryGetValue(Attempts, out object? attempts) ? (int)attempts : 0;
        int attempt = before + received.Message.DeliveryCount;
        var result = await dispatcher.AttemptAsync(received.Message.Body.ToString(), attempt, _waits);
        if (result.IsDeadLetter)
        {
            await received.DeadLetterMessageAsync(received.Message);
            return;
        }

        if (result.RetryDelay is { } delay)
        {
            await _sender.SendMessageAsync(new ServiceBusMessage(received.Message.Body)
            {
                MessageId = $"{received.Message.MessageId}/{attempt}",
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
