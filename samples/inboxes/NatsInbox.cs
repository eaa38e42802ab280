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
//   that are still in the stream. So the stream keeps messages for the whole window, even after they are handled.
// - A message that is not acknowledged in time is redelivered while its handler still runs. So the program reports progress to the
//   server. The same happens to messages that wait in the client behind slow handlers. So a message is fetched only when a handler
//   is free.
// - After MaxDeliver attempts, a message is never redelivered, without any notice. So MaxDeliver is unlimited, and the dispatcher
//   counts attempts.
internal sealed class NatsInbox(IConfiguration configuration, WebhookDispatcher dispatcher, ILogger<NatsInbox> logger) : BackgroundService, IWebhookInbox
{
    private const string Stream = "openai-webhooks", Waiting = "openai.webhooks.waiting", Dead = "openai.webhooks.dead";

    private static readonly TimeSpan AckWait = TimeSpan.FromSeconds(6), Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Window = TimeSpan.FromDays(4); // OpenAI retries for three days

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly INatsJSContext _jetStream = new NatsClient(new NatsOpts { Url = configuration["nats"] ?? "nats://localhost" }).CreateJetStreamContext();
    private bool _areStreamsThere;

    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        await CreateStreamsAsync(cancellationToken);
        await PublishAsync(Waiting, message.ToJson(), message.Key, cancellationToken);
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
                await CreateStreamsAsync(stoppingToken);
                consumer ??= await _jetStream.CreateOrUpdateConsumerAsync(Stream, new("handlers") { AckWait = AckWait, AckPolicy = ConsumerConfigAckPolicy.Explicit, MaxDeliver = -1 }, stoppingToken);
                received = await consumer.NextAsync<string>(opts: new() { Expires = Second }, cancellationToken: CancellationToken.None); // not cancelled: a cancelled fetch could use up one attempt of a message
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning("No messages from NATS: {Reason}", exception.Message);
                await Task.Delay(Second, CancellationToken.None);
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

    private async Task CreateStreamsAsync(CancellationToken cancellationToken)
    {
        if (!_areStreamsThere)
        {
            await _jetStream.CreateOrUpdateStreamAsync(new(Stream, [Waiting]) { DuplicateWindow = Window, MaxAge = Window }, cancellationToken);
            await _jetStream.CreateOrUpdateStreamAsync(new($"{Stream}-dead", [Dead]), cancellationToken);
            _areStreamsThere = true;
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
