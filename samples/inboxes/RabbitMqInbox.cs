#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package RabbitMQ.Client
#:property PublishAot=false

// Stores deliveries in a quorum queue of RabbitMQ 3.10 or later.
//   dotnet run samples/inboxes/RabbitMqInbox.cs -- --rabbitmq amqp://localhost
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and so on.

using System.Globalization;
using System.Text;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";
builder.Services.AddSingleton<RabbitMqInbox>().AddHostedService(services => services.GetRequiredService<RabbitMqInbox>());
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddInbox<RabbitMqInbox>();
if (builder.Configuration.GetValue<bool>("receiveOnly"))
{
    webhooks.ReceiveOnly();
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

// Pitfalls:
// - Without publisher confirms, a message is lost if the broker dies before writing it. With confirmation tracking, the call
//   completes when a majority of the queue's nodes has the message, and throws if the message was rejected or returned (mandatory).
// - RabbitMQ does not store ids, so a copy of a delivery is a new message. Handlers must make their work idempotent by webhook id.
// - For a delayed retry, a queue holds messages until they expire into the main queue. Use one queue per delay, because only the
//   first message of a queue expires.
// - A message that crashes its process every time is redelivered forever; x-delivery-count has the number. At x-delivery-limit, the
//   broker makes it a dead letter without any notice. So the limit is set out of reach (the default in RabbitMQ 4 is 20), and the
//   dispatcher counts attempts.
// - Only at-least-once dead-lettering keeps a message until the target queue has it.
// - When a channel is closed, its messages go to other consumers. So a stop first ends the consumer, then waits for the handlers.
// - A handler that runs for longer than consumer_timeout (30 minutes by default) loses the channel, and all messages of the channel are
//   redelivered. Raise it on the broker for slower handlers.
// - A channel must not be used by several threads at once.
internal sealed class RabbitMqInbox(IConfiguration configuration, WebhookDispatcher dispatcher, ILogger<RabbitMqInbox> logger) : BackgroundService, IWebhookInbox
{
    private const string Queue = "openai-webhooks", Dead = "openai-webhooks.dead";
    private const ushort Handlers = 10;

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly SemaphoreSlim _publishing = new(1), _handling = new(Handlers);
    private readonly ConnectionFactory _factory = new() { Uri = new(configuration["rabbitmq"] ?? "amqp://localhost"), AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.FromSeconds(10) };
    private IChannel? _publisher;

    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => PublishAsync(Queue, Encoding.UTF8.GetBytes(message.ToJson()), attempts: 0, cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (dispatcher.CanDispatch() && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var channel = await OpenAsync(stoppingToken);
                var ended = new TaskCompletionSource<string>();
                using var stopping = stoppingToken.Register(() => ended.TrySetResult("the application stops"));
                channel.ChannelShutdownAsync += (_, reason) => Task.FromResult(ended.TrySetResult(reason.ReplyText));
                await channel.BasicQosAsync(prefetchSize: 0, Handlers, global: false, stoppingToken);
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.UnregisteredAsync += (_, _) => Task.FromResult(ended.TrySetResult("the queue was deleted"));
                consumer.ReceivedAsync += (_, received) => HandleAsync(channel, received);
                string tag = await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, stoppingToken);
                string reason = await ended.Task;
                logger.Log(stoppingToken.IsCancellationRequested ? LogLevel.Information : LogLevel.Warning, "The consumer of {Queue} ends: {Reason}", Queue, reason);
                await (channel.IsOpen ? channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None) : Task.CompletedTask);
                for (int i = 0; i < Handlers && stoppingToken.IsCancellationRequested; i++)
                {
                    await _handling.WaitAsync(CancellationToken.None);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning("No consumer at {Host}: {Reason} Deliveries get the response 503 meanwhile, and OpenAI retries", _factory.Endpoint.HostName, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(3), CancellationToken.None);
            }
        }
    }

    private async Task HandleAsync(IChannel channel, BasicDeliverEventArgs received)
    {
        await _handling.WaitAsync();
        try
        {
            int attempt = 1 + CountOf("attempts") + CountOf("x-delivery-count");
            var result = await dispatcher.AttemptAsync(Encoding.UTF8.GetString(received.Body.Span), attempt, _waits);
            if (!result.IsHandled)
            {
                await PublishAsync(result.RetryDelay is { } delay ? WaitQueue(delay) : Dead, received.Body, attempt, CancellationToken.None);
            }

            await channel.BasicAckAsync(received.DeliveryTag, multiple: false);
        }
        catch (Exception exception) when (channel.IsOpen)
        {
            logger.LogWarning("A message goes back to {Queue}: {Reason}", Queue, exception.Message);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await channel.BasicNackAsync(received.DeliveryTag, multiple: false, requeue: true);
        }
        finally
        {
            _handling.Release();
        }

        int CountOf(string header) => received.BasicProperties.Headers is { } headers && headers.TryGetValue(header, out object? count) && count is int or long ? (int)Math.Clamp(Convert.ToInt64(count, CultureInfo.InvariantCulture), 0, 1000) : 0;
    }

    private async Task PublishAsync(string queue, ReadOnlyMemory<byte> body, int attempts, CancellationToken cancellationToken)
    {
        await _publishing.WaitAsync(cancellationToken);
        try
        {
            _publisher = _publisher is { IsOpen: true } open ? open : await OpenAsync(cancellationToken);
            var properties = new BasicProperties { Persistent = true, Headers = new Dictionary<string, object?> { ["attempts"] = attempts } };
            await _publisher.BasicPublishAsync(exchange: "", queue, mandatory: true, properties, body, cancellationToken);
        }
        catch
        {
            _ = _publisher?.DisposeAsync().AsTask(); // after a failure, the state of the channel is unknown, and disposal may hang
            _publisher = null;
            throw;
        }
        finally
        {
            _publishing.Release();
        }
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await _factory.CreateConnectionAsync(cancellationToken);
        var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, consumerDispatchConcurrency: Handlers), cancellationToken);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            _ = connection.DisposeAsync().AsTask(); // not awaited, because disposal waits for this method to finish
            return Task.CompletedTask;
        };
        await DeclareAsync(Dead, []);
        await DeclareAsync(Queue, new() { ["x-delivery-limit"] = 1000, ["x-dead-letter-routing-key"] = Dead });
        foreach (var wait in _waits)
        {
            await DeclareAsync(WaitQueue(wait), new() { ["x-message-ttl"] = (long)wait.TotalMilliseconds, ["x-dead-letter-routing-key"] = Queue });
        }

        return channel;

        Task DeclareAsync(string queue, Dictionary<string, object?> arguments)
        {
            arguments["x-queue-type"] = "quorum";
            if (arguments.ContainsKey("x-dead-letter-routing-key"))
            {
                (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-strategy"], arguments["x-overflow"]) = ("", "at-least-once", "reject-publish");
            }

            return channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        }
    }

    private static string WaitQueue(TimeSpan wait) => $"{Queue}.wait.{wait:c}";
}

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
