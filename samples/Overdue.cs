#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite
#:package OpenAI
#:property PublishAot=false
#:property NoWarn=$(NoWarn);OPENAI001

// A webhook that never comes: OpenAI gives up after 72 hours, and lists no past events. So whoever starts a background response
// stores a job that is due when its webhook should have come. The webhook brings the job forward. When the job is due without a
// webhook, it asks OpenAI what became of the response. Either way the same job finishes the response.
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
builder.Services.AddOpenAIWebhooks().AddHandler<ResponseWebhookEvent, BringForward>();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.MapPost("/ask", async (HttpRequest request, OpenAIClient openAI, ISchedulerFactory schedulers, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    var options = new CreateResponseOptions("gpt-5", [ResponseItem.CreateUserMessageItem(await reader.ReadToEndAsync(cancellationToken))]) { BackgroundModeEnabled = true };
    ResponseResult response = await openAI.GetResponsesClient().CreateResponseAsync(options, cancellationToken);

    // Not cancelled: the response runs now, whoever asked for it. The trigger repeats until the job is deleted, so a failure does
    // not end it. One that was missed while nobody ran fires at the next start.
    var scheduler = await schedulers.GetScheduler(CancellationToken.None);
    await scheduler.ScheduleJob(
        JobBuilder.Create<Finish>().WithIdentity(response.Id).RequestRecovery().Build(),
        TriggerBuilder.Create().StartAt(DateTimeOffset.UtcNow + due).WithSimpleSchedule(schedule => schedule.WithInterval(due).RepeatForever().WithMisfireInstruction(SimpleTriggerMisfireInstruction.FireNow)).Build(),
        cancellationToken: CancellationToken.None);
    return Results.Accepted(value: response.Id);
});
app.Run();

/// <summary>Runs the job of a response now, with the event that OpenAI sent.</summary>
internal sealed class BringForward(ISchedulerFactory schedulers) : IWebhookHandler<ResponseWebhookEvent>
{
    public async Task HandleAsync(ResponseWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        var job = new JobKey(webhookEvent.Data.Id);
        if (await scheduler.Exists(job, cancellationToken)) // else it is finished, or nobody here asked for it
        {
            await scheduler.TriggerJob(job, new JobDataMap { [Finish.Event] = webhookEvent.ToJson() }, cancellationToken);
        }
    }
}

/// <summary>Finishes a response, whether OpenAI told of it or it is overdue. One run at a time for a response, on all machines.</summary>
[DisallowConcurrentExecution]
internal sealed class Finish(OpenAIClient openAI, ILogger<Finish> logger) : IJob
{
    public const string Event = "event";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        string id = context.JobDetail.Key.Name;
        var finished = context.MergedJobDataMap.TryGetValue(Event, out object? json)
            ? WebhookEvent.Parse<ResponseWebhookEvent>((string)json!)
            : await AskAsync(id, cancellationToken);
        if (finished is null)
        {
            return; // it still runs, and is asked for again
        }

        // What is to be done comes here. If the process is killed before the next line, it is done again: key it by the response.
        Console.WriteLine($"{id}: {finished.Type}");
        await context.Scheduler.DeleteJob(context.JobDetail.Key, CancellationToken.None);
    }

    private async Task<ResponseWebhookEvent?> AskAsync(string id, CancellationToken cancellationToken)
    {
        ResponseResult response = await openAI.GetResponsesClient().GetResponseAsync(id, cancellationToken);
        logger.LogInformation("The webhook of {ResponseId} is overdue. The response is {Status}", id, response.Status);
        var data = new ResponseEventData { Id = id };
        return response.Status switch
        {
            ResponseStatus.Completed => new ResponseCompletedWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = data },
            ResponseStatus.Failed => new ResponseFailedWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = data },
            ResponseStatus.Incomplete => new ResponseIncompleteWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = data },
            ResponseStatus.Cancelled => new ResponseCancelledWebhookEvent { Id = $"evt_overdue_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = data },
            _ => null,
        };
    }
}
