#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package WolverineFx.Postgresql
#:package WolverineFx.RuntimeCompilation
#:property PublishAot=false
#:property NoWarn=$(NoWarn);CA1050

// Deliveries wait in a queue that Wolverine keeps in PostgreSQL.
//   dotnet run samples/inboxes/WolverineInbox.cs -- --postgres "Host=localhost;Username=…"
// A process that only receives: --receiveOnly true. The waits between attempts: --retryDelays:0 00:00:05, and so on.

using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.ErrorHandling;
using Wolverine.Postgresql;
using Wolverine.Runtime;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "the secret of the samples";
bool isReceiveOnly = builder.Configuration.GetValue<bool>("receiveOnly");
var waits = builder.Configuration.GetSection("retryDelays").Get<TimeSpan[]>() ?? [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];
builder.Services.AddScoped<WolverineInbox>();
var webhooks = builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, ShowBatch>().AddInbox<WolverineInbox>();
if (isReceiveOnly)
{
    webhooks.ReceiveOnly();
}

// Traps:
// - These options are the whole application's, and so is the message store.
// - Wolverine compiles code at run time: without WolverineFx.RuntimeCompilation it does not start, unless the code was generated.
// - A process without the message's handler marks messages as handled, unless unknown ones become dead letters.
// - Without a durable outbox, a message is lost when the process ends before it is sent.
// - Ids of one's own are compared only if a mode is set, and only by handlers with [Deduplicated].
builder.Host.UseWolverine(wolverine =>
{
    wolverine.PersistMessagesWithPostgresql(builder.Configuration["postgres"]!, "wolverine").EnableMessageTransport();
    wolverine.UnknownMessageBehavior = UnknownMessageBehavior.DeadLetterQueue;
    wolverine.Durability.MessageDeduplicationMode = MessageDeduplicationMode.CompareByHash;
    wolverine.Durability.DeduplicationWindow = TimeSpan.FromDays(4);
    wolverine.Durability.StaleNodeTimeout = TimeSpan.FromSeconds(10); // then others take over what a killed process had
    wolverine.Durability.HealthCheckPollingTime = TimeSpan.FromSeconds(2);
    wolverine.Durability.NodeReassignmentPollingTime = TimeSpan.FromSeconds(2);
    wolverine.PublishMessage<StoredWebhook>().ToPostgresqlQueue("openai_webhooks").UseDurableOutbox();
    if (!isReceiveOnly)
    {
        wolverine.ListenToPostgresqlQueue("openai_webhooks").MaximumMessagesToReceive(50).PollingInterval(TimeSpan.FromMilliseconds(250)).UseDurableInbox().MaximumParallelMessages(10);
    }

    wolverine.OnException<UnreadableWebhookException>().Or<PermanentWebhookFailureException>().MoveToErrorQueue().And(ReportAsync);
    wolverine.OnAnyException().ScheduleRetry(waits).Then.MoveToErrorQueue().And(ReportAsync);
});

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

static ValueTask ReportAsync(IWolverineRuntime runtime, IEnvelopeLifecycle lifecycle, Exception exception)
{
    if (lifecycle.Envelope is { Message: StoredWebhook stored } envelope)
    {
        runtime.Services.GetRequiredService<WebhookDispatcher>().ReportDeadLetter(WebhookMessage.Parse(stored.Json), envelope.Attempts);
    }

    return ValueTask.CompletedTask;
}

internal sealed class WolverineInbox(IMessageBus bus) : IWebhookInbox
{
    public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        => bus.SendAsync(new StoredWebhook(message.ToJson()), new DeliveryOptions { DeduplicationId = message.Key }).AsTask();
}

public sealed record StoredWebhook(string Json);

public static class StoredWebhookHandler
{
    [Deduplicated]
    public static Task HandleAsync(StoredWebhook stored, WebhookDispatcher dispatcher, CancellationToken cancellationToken)
        => dispatcher.DispatchAsync(WebhookMessage.Parse(stored.Json), cancellationToken);
}

internal sealed class ShowBatch(ILogger<ShowBatch> logger) : IWebhookHandler<BatchWebhookEvent>
{
    public Task HandleAsync(BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        logger.LogInformation("{WebhookId}: {Type} is handled", delivery.WebhookId, webhookEvent.Type);
        return Task.CompletedTask;
    }
}
