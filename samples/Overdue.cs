#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.Quartz/OpenAI.Webhooks.Quartz.csproj
#:package Microsoft.Data.Sqlite@10.0.15
#:package OpenAI@2.15.0
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property RunWorkingDirectory=$(PWD)
#:property NoWarn=$(NoWarn);OPENAI001

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.Quartz@0.1.0
//
// Handles a webhook that never arrives: OpenAI stops retrying after 72 hours, and has no list of past events. So the
// code that starts a background response also stores a job that is due when the webhook should have arrived. The
// webhook makes the job run immediately. If no webhook arrives, the job fetches the response from OpenAI when it is
// due. Either way, the same job finishes the response.
//   OPENAI_API_KEY=… OPENAI_WEBHOOK_SECRET=… dotnet run samples/Overdue.cs
//   curl --data "What rhymes with webhook?" http://localhost:5000/ask

using System.ClientModel;
using System.Globalization;
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
builder.Services.AddSingleton(
    new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(endpoint) }));
builder.Services.AddQuartz(quartz =>
{
    // The file is for one process. Several need a database server and UseClustering.
    quartz.UsePersistentStore(store => store.UseSqlite(
        SqliteFactory.Instance, $"Data Source={builder.Configuration["file"] ?? "overdue.db"}"));
    // OpenAI's API may be unavailable
    quartz.UseDefaultRetryPolicy(
        RetryPolicy.Explicit([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)]));
});
builder.Services.Configure<AdoJobStoreOptions>(store => store.SchemaProvisioning = SchemaProvisioning.CreateIfMissing);
builder.Services.AddQuartzHostedService(quartz => quartz.WaitForJobsToComplete = true);
builder.Services.AddSingleton(new Due(due));
builder.Services.AddOpenAIWebhooks().AddHandler<ResponseWebhookEvent, BringForward>();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.MapPost("/ask", async (
    HttpRequest request, OpenAIClient openAI, ISchedulerFactory schedulers, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    var question = ResponseItem.CreateUserMessageItem(await reader.ReadToEndAsync(cancellationToken));
    var options = new CreateResponseOptions("gpt-5", [question]) { BackgroundModeEnabled = true };
    ResponseResult response = await openAI.GetResponsesClient().CreateResponseAsync(options, cancellationToken);

    // A process that is killed right here has no job for the response, but its webhook still stores one. Do not pass
    // the token: the response is running now, even if the client disconnects.
    var scheduler = await schedulers.GetScheduler(CancellationToken.None);
    await Finish.ScheduleAsync(scheduler, response.Id, due, isDueNow: false);
    return Results.Accepted(value: response.Id);
});
app.Run();

/// <summary>The time after which a webhook is overdue.</summary>
internal sealed record Due(TimeSpan Time);

/// <summary>
/// Runs the response's job immediately, with the event from OpenAI. If there is no job yet, stores one.
/// </summary>
internal sealed class BringForward(ISchedulerFactory schedulers, Due due) : IWebhookHandler<ResponseWebhookEvent>
{
    public async Task HandleAsync(
        ResponseWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        string id = webhookEvent.Data.Id;
        if (!await Finish.ScheduleAsync(scheduler, id, due.Time, isDueNow: true, webhookEvent.ToJson()))
        {
            await scheduler.TriggerJob(
                new JobKey(id), new JobDataMap { [Finish.Event] = webhookEvent.ToJson() }, cancellationToken);
        }
    }
}

/// <summary>
/// Finishes a response, whether its webhook arrived or is overdue. There is only one run at a time for a response. If
/// several machines share a database, they need UseClustering for that.
/// </summary>
[DisallowConcurrentExecution, PersistJobDataAfterExecution]
internal sealed class Finish(OpenAIClient openAI, ILogger<Finish> logger) : IJob
{
    public const string Event = "event";
    private const string Finished = "finished";

    // OpenAI retries a webhook for 72 hours. Until then, a finished job tells that a copy was handled.
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(4);

    /// <summary>
    /// Stores a response's job. Its trigger repeats until the job is deleted, so a failure does not end it. A trigger
    /// that was missed while no process ran fires at the next start.
    /// </summary>
    /// <returns>False if there is one already.</returns>
    public static async Task<bool> ScheduleAsync(
        IScheduler scheduler, string id, TimeSpan due, bool isDueNow, string? webhookEvent = null)
    {
        var job = JobBuilder.Create<Finish>().WithIdentity(id).RequestRecovery();
        try
        {
            await scheduler.ScheduleJob(
                (webhookEvent is null ? job : job.UsingJobData(Event, webhookEvent)).Build(),
                TriggerBuilder.Create()
                    .StartAt(DateTimeOffset.UtcNow + (isDueNow ? TimeSpan.Zero : due))
                    .WithSimpleSchedule(schedule => schedule
                        .WithInterval(due)
                        .RepeatForever()
                        .WithMisfireInstruction(SimpleTriggerMisfireInstruction.FireNow))
                    .Build(),
                cancellationToken: CancellationToken.None);
            return true;
        }
        catch (ObjectAlreadyExistsException)
        {
            return false;
        }
    }

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        string id = context.JobDetail.Key.Name;
        if (context.JobDetail.JobDataMap.TryGetValue(Finished, out object? time))
        {
            if (DateTimeOffset.UtcNow - DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture) > KeptFor)
            {
                await context.Scheduler.DeleteJob(context.JobDetail.Key, CancellationToken.None);
            }

            return;
        }

        ResponseWebhookEvent? finished;
        try
        {
            finished = context.MergedJobDataMap.TryGetValue(Event, out object? json)
                ? WebhookEvent.Parse<ResponseWebhookEvent>((string)json!)
                : await AskAsync(id, cancellationToken);
        }
        catch (ClientResultException exception) when (exception.Status == 404)
        {
            logger.LogError("OpenAI does not know the response {ResponseId} any more, so it cannot be finished", id);
            context.JobDetail.JobDataMap[Finished] = Now;
            return;
        }

        if (finished is null)
        {
            return; // still running; it is fetched again later
        }

        // Do the work here. Quartz stores the mark below when it completes this run. If the process is killed before
        // that, the work runs again, so make it idempotent by response id.
        Console.WriteLine($"{id}: {finished.Type}");
        context.JobDetail.JobDataMap[Finished] = Now;
    }

    private static string Now => DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);

    private async Task<ResponseWebhookEvent?> AskAsync(string id, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30)); // an API that hangs must not tie up all of Quartz's threads
        ResponseResult response = await openAI.GetResponsesClient().GetResponseAsync(id, deadline.Token);
        logger.LogInformation("The webhook of {ResponseId} is overdue. The response is {Status}", id, response.Status);
        var data = new ResponseEventData { Id = id };
        var (evt, now) = ($"evt_overdue_{id}", DateTimeOffset.UtcNow);
        return response.Status switch
        {
            ResponseStatus.Completed => new ResponseCompletedWebhookEvent { Id = evt, CreatedAt = now, Data = data },
            ResponseStatus.Failed => new ResponseFailedWebhookEvent { Id = evt, CreatedAt = now, Data = data },
            ResponseStatus.Incomplete => new ResponseIncompleteWebhookEvent { Id = evt, CreatedAt = now, Data = data },
            ResponseStatus.Cancelled => new ResponseCancelledWebhookEvent { Id = evt, CreatedAt = now, Data = data },
            _ => null,
        };
    }
}
