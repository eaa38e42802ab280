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
// - Two applications with the same queue name in one virtual host take each other's messages. Change the name for the second.
// - RabbitMQ does not store ids, so a copy of a delivery is a new message. Handlers must make their work idempotent by webhook id.
// - To replay a dead letter, move it to the main queue, with its headers.
// - For a delayed retry, a queue holds messages until they expire into the main queue. Use one queue per delay, because only the
//   first message of a queue expires.
// - A message that crashes its process every time is redelivered forever; x-delivery-count has the number. At x-delivery-limit, the
//   broker makes it a dead letter without any notice. So the limit is set out of reach (the default in RabbitMQ 4 is 20), and the
//   dispatcher counts attempts.
// - Only at-least-once dead-lettering keeps a message until the target queue has it.
// - When a process crashes, RabbitMQ counts a delivery of every message that the process had. So a message that crashes its process
//   uses up the attempts of its neighbors, and they can become dead letters with it.
// - A broker that is short of memory or disk reads nothing from a connection that publishes, not even acknowledgements. So there are
//   two connections. Later, the broker also stores the messages whose requests got the response 503 meanwhile.
// - When a connection is lost, its messages are redelivered, even while their handlers still run. This counts as an attempt. A handler
//   that never ends must not block the new connection, so more than ten handlers can run then.
// - Closing a channel waits for its handlers, and closing a connection waits for the broker. So nothing waits for that after a loss.
// - When a channel is closed, its messages go to other consumers. So a stop first ends the consumer, then waits for the handlers.
// - A handler that runs for longer than consumer_timeout (30 minutes by default) loses the channel, and all messages of the channel are
//   redelivered. Raise it on the broker for slower handlers.
// - The client's automatic recovery neither retries the first connection nor creates a deleted queue again. The loop below does both.
internal sealed class RabbitMqInbox(IConfiguration configuration, WebhookDispatcher dispatcher, ILogger<RabbitMqInbox> logger) : BackgroundService, IWebhookInbox
{
    private const string Queue = "openai-webhooks", Dead = "openai-webhooks.dead";
    private const ushort Handlers = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>(options => options.ErrorOnUnknownConfiguration = true) ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly ConnectionFactory _factory = new() { Uri = new(configuration["rabbitmq"] ?? "amqp://localhost"), AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.FromSeconds(10) };
    private TaskCompletionSource<IChannel> _publisher = new();
    private int _running;

    // Without a connection, this waits for the next attempt to connect.
    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        => await PublishAsync(await _publisher.Task.WaitAsync(cancellationToken), Queue, Encoding.UTF8.GetBytes(message.ToJson()), attempts: 0, wait: null, cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var connections = new List<IConnection>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(connections, stoppingToken);
            }
            catch (Exception exception)
            {
                logger.LogError("Not connected to RabbitMQ at {Endpoint}. Deliveries get the response 503, and OpenAI retries. Reason: {Reason}", _factory.Endpoint, exception.GetBaseException().Message);
                Interlocked.Exchange(ref _publisher, new()).TrySetException(exception);
                connections.ForEach(connection => _ = connection.DisposeAsync().AsTask());
                connections.Clear();
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        while (Volatile.Read(ref _running) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }

        await Task.WhenAny(Task.WhenAll(connections.Select(connection => connection.CloseAsync(CancellationToken.None))), Task.Delay(Pause, CancellationToken.None)); // the last acknowledgements arrive
    }

    // Returns when the application stops; handlers may still run. Throws when a connection or a queue is lost.
    private async Task RunAsync(List<IConnection> connections, CancellationToken stoppingToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = stoppingToken.Register(() => ended.TrySetResult());
        var publisher = await OpenAsync();
        var channel = await OpenAsync();
        await DeclareAsync(Dead, []);
        await DeclareAsync(Queue, DeadLettersTo(Dead));
        foreach (var wait in _waits)
        {
            await DeclareAsync(WaitQueue(wait), DeadLettersTo(Queue));
        }

        logger.LogInformation("Connected to RabbitMQ at {Endpoint}", _factory.Endpoint);
        publisher.BasicReturnAsync += (_, returned) => EndAsync($"There is no queue {returned.RoutingKey}.");
        _publisher.SetResult(publisher);
        channel.CallbackExceptionAsync += (_, failed) => EndAsync(failed.Exception.Message);
        await channel.BasicQosAsync(prefetchSize: 0, Handlers, global: false, stoppingToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += (_, _) => EndAsync($"The queue {Queue} was deleted.");
        consumer.ReceivedAsync += (_, received) => HandleAsync(channel, publisher, received);
        string? tag = dispatcher.CanDispatch() ? await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, stoppingToken) : null;
        await ended.Task;
        await Task.WhenAny(tag is null ? Task.CompletedTask : channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None), Task.Delay(Pause, CancellationToken.None));

        Task EndAsync(string reason) => Task.FromResult(ended.TrySetException(new IOException(reason)));

        async Task<IChannel> OpenAsync()
        {
            connections.Add(await _factory.CreateConnectionAsync(stoppingToken));
            connections[^1].ConnectionBlockedAsync += (_, blocked) => Task.Run(() => logger.LogWarning("RabbitMQ takes no messages until its alarm ends: {Reason}", blocked.Reason));
            var opened = await connections[^1].CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, consumerDispatchConcurrency: Handlers), stoppingToken);
            opened.ChannelShutdownAsync += (_, reason) => EndAsync(reason.ReplyText);
            return opened;
        }

        Task DeclareAsync(string queue, Dictionary<string, object?> arguments)
            => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(arguments) { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 1000 }, cancellationToken: stoppingToken);

        static Dictionary<string, object?> DeadLettersTo(string queue)
            => new() { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = queue, ["x-dead-letter-strategy"] = "at-least-once", ["x-overflow"] = "reject-publish" };
    }

    // An exception ends the run of the connections, so that the message is redelivered.
    private async Task HandleAsync(IChannel channel, IChannel publisher, BasicDeliverEventArgs received)
    {
        Interlocked.Increment(ref _running);
        try
        {
            int attempt = 1 + CountOf("attempts") + CountOf("x-delivery-count");
            var result = await dispatcher.AttemptAsync(Encoding.UTF8.GetString(received.Body.Span), attempt, _waits);
            if (!result.IsHandled)
            {
                // A dead letter that an operator moves back starts again with its first attempt.
                var (queue, attempts) = result.RetryDelay is { } wait ? (WaitQueue(wait), attempt) : (Dead, 0);
                await PublishAsync(publisher, queue, received.Body, attempts, result.RetryDelay, CancellationToken.None);
            }

            await channel.BasicAckAsync(received.DeliveryTag, multiple: false);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }

        int CountOf(string header) => received.BasicProperties.Headers is { } headers && headers.TryGetValue(header, out object? count) && count is int or long ? (int)Math.Clamp(Convert.ToInt64(count, CultureInfo.InvariantCulture), 0, 1000) : 0;
    }

    private static ValueTask PublishAsync(IChannel publisher, string queue, ReadOnlyMemory<byte> body, int attempts, TimeSpan? wait, CancellationToken cancellationToken)
    {
        var properties = new BasicProperties { Persistent = true, Headers = new Dictionary<string, object?> { ["attempts"] = attempts }, Expiration = wait?.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) };
        return publisher.BasicPublishAsync(exchange: "", queue, mandatory: true, properties, body, cancellationToken);
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
