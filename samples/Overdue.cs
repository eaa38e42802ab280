#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite
#:package OpenAI
#:property PublishAot=false
#:property NoWarn=$(NoWarn);OPENAI001

// A webhook that never comes: OpenAI gives up after 72 hours, and lists no past events. So whoever starts a background response says
// by when its webhook is due. The webhook removes that; what is overdue is asked for once, and handed to the same handler.
//   OPENAI_API_KEY=… OPENAI_WEBHOOK_SECRET=… dotnet run samples/Overdue.cs
//   curl --data "What rhymes with webhook?" http://localhost:5000/ask

using System.ClientModel;
using Microsoft.Data.Sqlite;
using OpenAI;
using OpenAI.Responses;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

var builder = WebApplication.CreateBuilder(args);
string key = builder.Configuration["OPENAI_API_KEY"] ?? throw new InvalidOperationException("Set OPENAI_API_KEY.");
string endpoint = builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
var due = builder.Configuration.GetValue("due", TimeSpan.FromHours(1));

builder.Logging.AddFilter("Quartz", LogLevel.Warning);
builder.Services.AddSingleton(new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(endpoint) }));
builder.Services.AddQuartz(quartz =>
{
    quartz.UsePersistentStore(store => store.UseSqlite(SqliteFactory.Instance, $"Data Source={builder.Configuration["file"] ?? "overdue.db"}"));
    quartz.UseDefaultRetryPolicy(RetryPolicy.Explicit([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)])); // OpenAI's API may be away
});
builder.Services.Configure<AdoJobStoreOptions>(store => store.SchemaProvisioning = SchemaProvisioning.CreateIfMissing);
builder.Services.AddQuartzHostedService(quartz => quartz.WaitForJobsToComplete = true);
builder.Services.AddOpenAIWebhooks().AddHandler<ResponseWebhookEvent, Finish>();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.MapPost("/ask", async (HttpRequest request, OpenAIClient openAI, ISchedulerFactory schedulers, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    var options = new CreateResponseOptions("gpt-5", [ResponseItem.CreateUserMessageItem(await reader.ReadToEndAsync(cancellationToken))]) { BackgroundModeEnabled = true };
    ResponseResult response = await openAI.GetResponsesClient().CreateResponseAsync(options, cancellationToken);

    // Not cancelled: the response runs now, whoever asked for it.
    var scheduler = await schedulers.GetScheduler(CancellationToken.None);
    await scheduler.ScheduleJob(
        JobBuilder.Create<Overdue>().WithIdentity(response.Id).RequestRecovery().Build(),
        TriggerBuilder.Create().StartAt(DateTimeOffset.UtcNow + due).Build(),
        cancellationToken: CancellationToken.None);
    return Results.Accepted(value: response.Id);
});
app.Run();

/// <summary>Handles a finished response once, whether OpenAI told of it or it was asked for.</summary>
internal sealed class Finish(ISchedulerFactory schedulers) : IWebhookHandler<ResponseWebhookEvent>
{
    public async Task HandleAsync(ResponseWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(CancellationToken.None);
        var key = new JobKey(webhookEvent.Data.Id);
        if (!await scheduler.Exists(key, cancellationToken))
        {
            return; // it was handled before
        }

        // What is to be done comes here. If the process is killed before the next line, it is done again: key it by the response.
        Console.WriteLine($"{webhookEvent.Data.Id}: {webhookEvent.Type}");
        await scheduler.DeleteJob(key, CancellationToken.None);
    }
}

/// <summary>Asks for a response whose webhook is overdue, and hands what became of it to the handlers.</summary>
internal sealed class Overdue(OpenAIClient openAI, WebhookDispatcher dispatcher, IConfiguration configuration) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        string id = context.JobDetail.Key.Name;
        ResponseResult response = await openAI.GetResponsesClient().GetResponseAsync(id, cancellationToken);
        ResponseWebhookEvent? finished = response.Status switch
        {
            ResponseStatus.Completed => new ResponseCompletedWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = id } },
            ResponseStatus.Failed => new ResponseFailedWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = id } },
            ResponseStatus.Incomplete => new ResponseIncompleteWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = id } },
            ResponseStatus.Cancelled => new ResponseCancelledWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = id } },
            _ => null, // it still runs
        };
        if (finished is not null)
        {
            var message = new WebhookMessage($"overdue_{id}", DateTimeOffset.UtcNow, BinaryData.FromString(finished.ToJson())) { EventType = finished.Type, EventId = finished.Id };
            await dispatcher.DispatchAsync(message, cancellationToken);
        }
        else
        {
            var later = DateTimeOffset.UtcNow + configuration.GetValue("due", TimeSpan.FromHours(1));
            await context.Scheduler.RescheduleJob(context.Trigger.Key, context.Trigger.GetTriggerBuilder().StartAt(later).Build(), CancellationToken.None);
        }
    }
}
