#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package NATS.Net
#:property PublishAot=false

// Stores deliveries in a stream of NATS JetStream 2.9 or later.
//   nats-server --jetstream; dotnet run samples/inboxes/NatsInbox.cs -- --nats nats://localhost
// For a process that only receives, add --receiveOnly true. To set the retry delays, add --retryDelays:0 00:00:05, and so on.

using System.Runtime.CompilerServices;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Net;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";
builder.Services.AddSingleton<NatsInbox>().AddHostedService(services => services.GetRequiredService<NatsInbox>());
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddInbox<NatsInbox>();
if (builder.Configuration.GetValue<bool>("receiveOnly"))
{
    webhooks.ReceiveOnly();
}

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

// Pitfalls:
// - The server acknowledges a message before it syncs its file. After a power failure, messages acknowledged in the last two
//   minutes may be lost. Set `sync_interval: always` (2.10 or later), or use a stream with three replicas.
// - The server forgets ids after the duplicate window, two minutes by default. After a restart, it knows only the ids of messages
//   that are still in the stream. So the stream keeps messages for longer than the window, even after they are handled.
// - A message older than MaxAge is deleted without any notice, even if it still waits. So MaxAge is longer than any outage.
// - A message that is not acknowledged in time is redelivered while its handler still runs. So the program reports progress to the
//   server. The same happens to messages that wait in the client behind slow handlers. So a message is fetched only when a handler
//   is free.
// - After MaxDeliver attempts, a message is never redelivered, without any notice. So MaxDeliver is unlimited, and the dispatcher
//   counts attempts.
// - A message that waits for a retry counts as pending. By default, a thousand of them stop the consumer. So MaxAckPending is unlimited.
internal sealed class NatsInbox(IConfiguration configuration, WebhookDispatcher dispatcher, ILoggerFactory loggers, ILogger<NatsInbox> logger) : BackgroundService, IWebhookInbox
{
    private const string Stream = "openai-webhooks", Waiting = "openai.webhooks.waiting", Dead = "openai.webhooks.dead";
    private const int InUse = 10058; // a stream of this name has another configuration: an operator's

    private static readonly TimeSpan AckWait = TimeSpan.FromSeconds(6);

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>(options => options.ErrorOnUnknownConfiguration = true) ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly INatsJSContext _jetStream = new NatsClient(new NatsOpts { Url = configuration["nats"] ?? "nats://localhost", LoggerFactory = loggers }).CreateJetStreamContext();

    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await PublishAsync(Waiting, message.ToJson(), message.Key, cancellationToken);
        }
        catch (NatsException) // there is no stream: not yet, or not any more
        {
            await CreateStreamsAsync(cancellationToken);
            await PublishAsync(Waiting, message.ToJson(), message.Key, cancellationToken);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Parallel.ForEachAsync(ReceiveAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = 10 }, (received, _) => HandleAsync(received));

    private async IAsyncEnumerable<INatsJSMsg<string>> ReceiveAsync([EnumeratorCancellation] CancellationToken stoppingToken)
    {
        INatsJSConsumer? consumer = null;
        while (dispatcher.CanDispatch() && !stoppingToken.IsCancellationRequested)
        {
            INatsJSMsg<string>? received = null;
            try
            {
                consumer ??= await CreateConsumerAsync(stoppingToken);
                received = await consumer.NextAsync<string>(opts: new() { Expires = TimeSpan.FromSeconds(2) }, cancellationToken: CancellationToken.None); // not cancelled: a cancelled fetch could use up one attempt of a message
                if (received is null)
                {
                    await consumer.RefreshAsync(stoppingToken); // throws if the consumer or the stream was deleted
                }
            }
            catch (Exception exception)
            {
                logger.LogWarning("Cannot receive from NATS at {Url}: {Reason}", _jetStream.Connection.Opts.Url, exception.Message);
                consumer = null;
                await Task.Delay(TimeSpan.FromSeconds(3), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (received is not null)
            {
                yield return received;
            }
        }
    }

    private async ValueTask HandleAsync(INatsJSMsg<string> received)
    {
        try
        {
            var attempting = dispatcher.AttemptAsync(received.Data ?? "", (int)received.Metadata!.Value.NumDelivered, _waits);
            while (await Task.WhenAny(attempting, Task.Delay(AckWait / 3)) != attempting)
            {
                await received.AckProgressAsync();
            }

            var result = await attempting;
            if (result.IsDeadLetter)
            {
                await PublishAsync(Dead, received.Data ?? "", id: null, CancellationToken.None);
            }

            await (result.RetryDelay is { } delay ? received.NakAsync(delay: delay) : received.AckAsync());
        }
        catch (Exception exception)
        {
            logger.LogWarning("A message is not acknowledged, so NATS will deliver it again: {Reason}", exception.Message);
        }
    }

    private async Task PublishAsync(string subject, string text, string? id, CancellationToken cancellationToken)
    {
        var ack = await _jetStream.PublishAsync(subject, text, opts: new NatsJSPubOpts { MsgId = id }, cancellationToken: cancellationToken);
        if (!ack.Duplicate)
        {
            ack.EnsureSuccess();
        }
    }

    private async Task<INatsJSConsumer> CreateConsumerAsync(CancellationToken cancellationToken)
    {
        await CreateStreamsAsync(cancellationToken);
        return await _jetStream.CreateOrUpdateConsumerAsync(Stream, new("handlers") { AckWait = AckWait, AckPolicy = ConsumerConfigAckPolicy.Explicit, MaxDeliver = -1, MaxAckPending = -1 }, cancellationToken);
    }

    private async Task CreateStreamsAsync(CancellationToken cancellationToken)
    {
        var fourDays = TimeSpan.FromDays(4); // OpenAI retries for three
        foreach (var stream in (StreamConfig[])[new(Stream, [Waiting]) { DuplicateWindow = fourDays, MaxAge = TimeSpan.FromDays(30) }, new($"{Stream}-dead", [Dead])])
        {
            try
            {
                await _jetStream.CreateStreamAsync(stream, cancellationToken);
            }
            catch (NatsJSApiException exception) when (exception.Error.ErrCode == InUse)
            {
            }
        }
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
