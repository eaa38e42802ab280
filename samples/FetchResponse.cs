#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package OpenAI@2.15.0
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);OPENAI001

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// The complete flow, with OpenAI's own package: starts a background response, and prints its text when the webhook
// arrives. It also fetches the output of a batch, and answers a call in a simple way (Voice.cs does more).
//   OPENAI_API_KEY=… OPENAI_WEBHOOK_SECRET=… dotnet run samples/FetchResponse.cs
//   curl --data "What rhymes with webhook?" http://localhost:5000/ask

using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Responses;
using OpenAI.Webhooks;

var builder = WebApplication.CreateBuilder(args);
string key = builder.Configuration["OPENAI_API_KEY"] ?? throw new InvalidOperationException("Set OPENAI_API_KEY.");
string endpoint = builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
var openAI = new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(endpoint) });

// A delivery can arrive more than once, but a call must not be answered twice.
builder.Services.AddOpenAIWebhooks().AddDeduplication();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai", async (WebhookDelivery delivery, CancellationToken cancellationToken) =>
{
    try
    {
        await (delivery.Event switch
        {
            ResponseCompletedWebhookEvent completed => PrintTextAsync(completed.Data.Id, cancellationToken),
            BatchCompletedWebhookEvent completed => PrintOutputAsync(completed.Data.Id, cancellationToken),
            RealtimeCallIncomingWebhookEvent incoming => AnswerAsync(incoming.Data, cancellationToken),
            _ => Task.CompletedTask,
        });
    }
    catch (ClientResultException exception) when (exception.Status == 404)
    {
        // It was deleted, or the caller hung up, or this is a test event, whose ids do not exist. A retry would not
        // help.
        Console.WriteLine($"{delivery.WebhookId}: {delivery.Event.Type} is about something that does not exist");
    }
});
app.MapPost("/ask", async (HttpRequest request, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    var question = ResponseItem.CreateUserMessageItem(await reader.ReadToEndAsync(cancellationToken));
    ResponseResult started = await openAI.GetResponsesClient().CreateResponseAsync(
        new CreateResponseOptions("gpt-5", [question]) { BackgroundModeEnabled = true }, cancellationToken);
    return Results.Accepted(value: started.Id);
});
app.Run();

async Task PrintTextAsync(string responseId, CancellationToken cancellationToken)
{
    ResponseResult response = await openAI.GetResponsesClient().GetResponseAsync(responseId, cancellationToken);
    Console.WriteLine($"{responseId}: {response.GetOutputText()}");
}

async Task PrintOutputAsync(string batchId, CancellationToken cancellationToken)
{
    var options = new RequestOptions { CancellationToken = cancellationToken };
    var batch = (BatchJob)await openAI.GetBatchClient().GetBatchAsync(batchId, options);
    if (batch.OutputFileId is { } fileId)    // null if every request of the batch failed: see ErrorFileId
    {
        BinaryData output = await openAI.GetOpenAIFileClient().DownloadFileAsync(fileId, cancellationToken);
        Console.WriteLine($"{batchId}: {output}");
    }
}

// The package has no method for this yet (2.15.0). Its pipeline adds the API key, and retries where a retry can help.
async Task AnswerAsync(RealtimeCallEventData call, CancellationToken cancellationToken)
{
    bool isAnonymous = call.SipHeaders.GetFrom()?.GetPhoneNumber() is null;
    var (answer, body) = isAnonymous
        ? ("reject", """{"status_code": 603}""")
        : ("accept", """{"type": "realtime", "model": "gpt-realtime", "instructions": "Say hello."}""");

    var url = new Uri($"{openAI.Endpoint}/realtime/calls/{Uri.EscapeDataString(call.CallId)}/{answer}");
    using PipelineMessage message = openAI.Pipeline.CreateMessage(url, "POST");
    message.Request.Headers.Set("Content-Type", "application/json");
    message.Request.Content = BinaryContent.Create(BinaryData.FromString(body));
    message.Apply(new RequestOptions { CancellationToken = cancellationToken });
    await openAI.Pipeline.SendAsync(message);
    if (message.Response!.IsError)
    {
        throw await ClientResultException.CreateAsync(message.Response);
    }

    Console.WriteLine($"{call.CallId}: {answer}");
}
