#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package AWSSDK.SQS
#:property PublishAot=false

// Stores deliveries in an Amazon SQS FIFO queue. Compiled but not run: no server was available for testing.
//   dotnet run samples/inboxes/SqsInbox.cs -- --queue https://sqs.…/openai-webhooks.fifo --dead https://sqs.…/openai-webhooks-dead.fifo
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and so on.

using System.Globalization;
using System.Runtime.CompilerServices;
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

// Pitfalls:
// - A FIFO queue forgets ids after five minutes, but OpenAI retries for three days. Handlers must make their work idempotent by
//   webhook id.
// - Messages of one group wait for each other. With a separate group for each delivery, a failing delivery does not delay others.
// - A message that is not deleted in time is redelivered while its handler still runs. So the program extends its visibility
//   timeout. The same happens to messages that wait behind slow handlers. So a message is fetched only when a handler is free.
// - A queue accepts messages up to 256 KiB, unless it is configured for 1 MiB. A payload of 256 KiB becomes a third longer here.
// - SQS deletes messages after four days, handled or not, unless the queue is configured for up to fourteen. So configure both queues.
// - A visibility timeout is twelve hours at most, so a longer retry delay is cut to that.
// - A redrive policy with a count below the number of attempts makes dead letters without any notice. Do not set one.
internal sealed class SqsInbox(IAmazonSQS sqs, WebhookDispatcher dispatcher, IConfiguration configuration, ILogger<SqsInbox> logger) : BackgroundService, IWebhookInbox
{
    private const int Visible = 30, LongestDelay = 12 * 60 * 60; // seconds
    private const string Attempts = "ApproximateReceiveCount";

    private readonly string _queue = configuration["queue"] ?? throw new InvalidOperationException("Set queue to the URL of the queue.");
    private readonly string _dead = configuration["dead"] ?? throw new InvalidOperationException("Set dead to the URL of the queue of the dead letters.");
    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>(options => options.ErrorOnUnknownConfiguration = true) ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => SendAsync(_queue, message.ToJson(), message.Key, cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Parallel.ForEachAsync(ReceiveAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = 10 }, (received, _) => HandleAsync(received));

    private async IAsyncEnumerable<Message> ReceiveAsync([EnumeratorCancellation] CancellationToken stoppingToken)
    {
        var request = new ReceiveMessageRequest(_queue) { MaxNumberOfMessages = 1, WaitTimeSeconds = 5, VisibilityTimeout = Visible, MessageSystemAttributeNames = [Attempts] };
        while (dispatcher.CanDispatch() && !stoppingToken.IsCancellationRequested)
        {
            Message? received = null;
            try
            {
                received = (await sqs.ReceiveMessageAsync(request, CancellationToken.None)).Messages?.FirstOrDefault(); // not cancelled: a cancelled receive could use up one attempt of a message
            }
            catch (Exception exception)
            {
                logger.LogWarning("No messages from SQS: {Reason}", exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }

            if (received is not null)
            {
                yield return received;
            }
        }
    }

    private async ValueTask HandleAsync(Message received)
    {
        try
        {
            var attempting = dispatcher.AttemptAsync(received.Body, int.Parse(received.Attributes[Attempts], CultureInfo.InvariantCulture), _waits);
            while (await Task.WhenAny(attempting, Task.Delay(TimeSpan.FromSeconds(Visible / 3))) != attempting)
            {
                await sqs.ChangeMessageVisibilityAsync(_queue, received.ReceiptHandle, Visible);
            }

            var result = await attempting;
            if (result.RetryDelay is { } delay)
            {
                await sqs.ChangeMessageVisibilityAsync(_queue, received.ReceiptHandle, (int)Math.Min(delay.TotalSeconds, LongestDelay));
                return;
            }

            if (result.IsDeadLetter)
            {
                await SendAsync(_dead, received.Body, received.MessageId, CancellationToken.None);
            }

            await sqs.DeleteMessageAsync(_queue, received.ReceiptHandle);
        }
        catch (Exception exception)
        {
            logger.LogWarning("A message is not deleted, so SQS will deliver it again: {Reason}", exception.Message);
        }
    }

    private Task<SendMessageResponse> SendAsync(string queue, string text, string id, CancellationToken cancellationToken)
        => sqs.SendMessageAsync(new SendMessageRequest(queue, text) { MessageDeduplicationId = id, MessageGroupId = id }, cancellationToken);
}

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
