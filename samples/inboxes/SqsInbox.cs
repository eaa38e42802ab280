#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package AWSSDK.SQS
#:property PublishAot=false

// Deliveries wait in a FIFO queue of Amazon SQS. Compiled, not run: there is no server for it to try.
//   dotnet run samples/inboxes/SqsInbox.cs -- --queue https://sqs.…/openai-webhooks.fifo --dead https://sqs.…/openai-webhooks-dead.fifo
// A process that only receives: --receiveOnly true. The waits between attempts: --retryDelays:0 00:00:05, and so on.

using System.Globalization;
using Amazon.SQS;
using Amazon.SQS.Model;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";
builder.Services.AddSingleton<IAmazonSQS>(_ => new AmazonSQSClient());
builder.Services.AddSingleton<SqsInbox>().AddHostedService(services => services.GetRequiredService<SqsInbox>());
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddInbox<SqsInbox>();
if (builder.Configuration.GetValue<bool>("receiveOnly"))
{
    webhooks.ReceiveOnly();
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

// Traps:
// - A FIFO queue forgets ids after five minutes, and OpenAI sends again for three days: handlers have to key what they do by the id.
// - Messages of one group wait for each other. With a group for each delivery, one that fails holds nothing up.
// - A message that nobody deletes in time is delivered again, while its handler still runs: prolong its visibility.
// - A queue's messages take 256 KiB unless it is set to 1 MiB, and a payload of 256 KiB is a third longer here.
// - A redrive policy with a lower count than the waits makes dead letters without telling the application. Set none.
internal sealed class SqsInbox(IAmazonSQS sqs, WebhookDispatcher dispatcher, IConfiguration configuration, ILogger<SqsInbox> logger) : BackgroundService, IWebhookInbox
{
    private const int Visible = 30, ReceiveCount = 10;
    private const string Attempts = "ApproximateReceiveCount";

    private readonly string _queue = configuration["queue"] ?? throw new InvalidOperationException("Set queue to the URL of the queue.");
    private readonly string _dead = configuration["dead"] ?? throw new InvalidOperationException("Set dead to the URL of the queue of the dead letters.");
    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => SendAsync(_queue, message, cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (dispatcher.CanDispatch())
        {
            try
            {
                var request = new ReceiveMessageRequest(_queue) { MaxNumberOfMessages = ReceiveCount, WaitTimeSeconds = 20, VisibilityTimeout = Visible, MessageSystemAttributeNames = [Attempts] };
                var received = await sqs.ReceiveMessageAsync(request, stoppingToken);
                await Task.WhenAll((received.Messages ?? []).Select(message => HandleAsync(message, stoppingToken)));
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning("No messages from SQS: {Reason}", exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken);
            }
        }
    }

    private async Task HandleAsync(Message received, CancellationToken stoppingToken)
    {
        var message = WebhookMessage.Parse(received.Body);
        int attempts = int.Parse(received.Attributes[Attempts], CultureInfo.InvariantCulture);
        try
        {
            var handling = attempts > _waits.Length + 1 ? throw new InvalidOperationException("It has ended its process each time.") : dispatcher.DispatchAsync(message, stoppingToken);
            while (await Task.WhenAny(handling, Task.Delay(TimeSpan.FromSeconds(Visible / 3), stoppingToken)) != handling)
            {
                await sqs.ChangeMessageVisibilityAsync(_queue, received.ReceiptHandle, Visible, stoppingToken);
            }

            await handling;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            if (attempts <= _waits.Length && exception is not (UnreadableWebhookException or PermanentWebhookFailureException))
            {
                await sqs.ChangeMessageVisibilityAsync(_queue, received.ReceiptHandle, (int)_waits[attempts - 1].TotalSeconds, stoppingToken);
                return;
            }

            await SendAsync(_dead, message, stoppingToken);
            dispatcher.ReportDeadLetter(message, attempts);
        }

        await sqs.DeleteMessageAsync(_queue, received.ReceiptHandle, stoppingToken);
    }

    private Task<SendMessageResponse> SendAsync(string queue, WebhookMessage message, CancellationToken cancellationToken)
        => sqs.SendMessageAsync(new SendMessageRequest(queue, message.ToJson()) { MessageDeduplicationId = message.Key, MessageGroupId = message.Key }, cancellationToken);
}

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
