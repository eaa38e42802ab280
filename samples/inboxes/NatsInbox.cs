#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package NATS.Net
#:property PublishAot=false

// Deliveries wait in a stream of NATS JetStream 2.9 or later.
//   nats-server --jetstream; dotnet run samples/inboxes/NatsInbox.cs -- --nats nats://localhost
// A process that only receives: --receiveOnly true. The waits between attempts: --retryDelays:0 00:00:05, and so on.

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

// Traps:
// - The server acknowledges before it has synced its file: in a power cut, what it acknowledged in the last two minutes may be
//   lost. Set `sync_interval: always` (2.10 or later), or use a stream of three replicas.
// - The stream forgets ids after its duplicate window, two minutes unless it is set.
// - A message that nobody acknowledges in time is delivered again, while its handler still runs: tell the server that it does.
// - After MaxDeliver a message stays in the stream and is never delivered again, and nobody is told. So it has no end here, and the
//   attempts are counted.
internal sealed class NatsInbox(IConfiguration configuration, WebhookDispatcher dispatcher, ILogger<NatsInbox> logger) : BackgroundService, IWebhookInbox
{
    private const string Stream = "openai-webhooks", Waiting = "openai.webhooks.waiting", Dead = "openai.webhooks.dead";

    private static readonly TimeSpan AckWait = TimeSpan.FromSeconds(6);

    private readonly TimeSpan[] _waits = configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
    private readonly INatsJSContext _jetStream = new NatsClient(new NatsOpts { Url = configuration["nats"] ?? "nats://localhost" }).CreateJetStreamContext();
    private bool _isStreamThere;

    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        await CreateStreamsAsync(cancellationToken);
        await PublishAsync(Waiting, message, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (dispatcher.CanDispatch())
        {
            try
            {
                await CreateStreamsAsync(stoppingToken);
                var consumer = await _jetStream.CreateOrUpdateConsumerAsync(Stream, new("handlers") { AckWait = AckWait, AckPolicy = ConsumerConfigAckPolicy.Explicit, MaxDeliver = -1 }, stoppingToken);
                var options = new NatsJSConsumeOpts { MaxMsgs = 20, Expires = TimeSpan.FromSeconds(10) };
                await Parallel.ForEachAsync(consumer.ConsumeAsync<string>(opts: options, cancellationToken: stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = 10, CancellationToken = stoppingToken }, HandleAsync);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning("No messages from NATS: {Reason}", exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken);
            }
        }
    }

    private async ValueTask HandleAsync(INatsJSMsg<string> received, CancellationToken stoppingToken)
    {
        var message = WebhookMessage.Parse(received.Data!);
        int attempts = (int)(received.Metadata?.NumDelivered ?? 1);
        try
        {
            var handling = attempts > _waits.Length + 1 ? throw new InvalidOperationException("It has ended its process each time.") : dispatcher.DispatchAsync(message, stoppingToken);
            while (await Task.WhenAny(handling, Task.Delay(AckWait / 3, stoppingToken)) != handling)
            {
                await received.AckProgressAsync(cancellationToken: stoppingToken);
            }

            await handling;
            await received.AckAsync(cancellationToken: stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            if (attempts <= _waits.Length && exception is not (UnreadableWebhookException or PermanentWebhookFailureException))
            {
                await received.NakAsync(delay: _waits[attempts - 1], cancellationToken: stoppingToken);
                return;
            }

            await PublishAsync(Dead, message, stoppingToken);
            await received.AckTerminateAsync(cancellationToken: stoppingToken);
            dispatcher.ReportDeadLetter(message, attempts);
        }
    }

    private async Task PublishAsync(string subject, WebhookMessage message, CancellationToken cancellationToken)
    {
        var ack = await _jetStream.PublishAsync(subject, message.ToJson(), opts: new NatsJSPubOpts { MsgId = $"{subject}/{message.Key}" }, cancellationToken: cancellationToken);
        if (!ack.Duplicate)
        {
            ack.EnsureSuccess();
        }
    }

    // Four days: OpenAI sends a delivery again for three.
    private async Task CreateStreamsAsync(CancellationToken cancellationToken)
    {
        if (!_isStreamThere)
        {
            await _jetStream.CreateOrUpdateStreamAsync(new(Stream, [Waiting]) { Retention = StreamConfigRetention.Workqueue, DuplicateWindow = TimeSpan.FromDays(4) }, cancellationToken);
            await _jetStream.CreateOrUpdateStreamAsync(new($"{Stream}-dead", [Dead]) { DuplicateWindow = TimeSpan.FromDays(4) }, cancellationToken);
            _isStreamThere = true;
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
