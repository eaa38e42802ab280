#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package Microsoft.Extensions.AI.OpenAI@10.11.0
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);OPENAI001;MEAI001;NU1603

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// A background response of an IChatClient (Microsoft.Extensions.AI), completed by a webhook instead of polling.
//   OPENAI_API_KEY=… OPENAI_WEBHOOK_SECRET=… dotnet run samples/ChatClient.cs
//   curl --data "What rhymes with webhook?" http://localhost:5000/ask

using System.ClientModel;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using OpenAI.Responses;
using OpenAI.Webhooks;

var builder = WebApplication.CreateBuilder(args);
string key = builder.Configuration["OPENAI_API_KEY"] ?? throw new InvalidOperationException("Set OPENAI_API_KEY.");
var endpoint = new Uri(builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1");
builder.Services.AddSingleton(new ResponsesClient(
    new ApiKeyCredential(key), new ResponsesClientOptions { Endpoint = endpoint }).AsIChatClient("gpt-5"));
builder.Services.AddDistributedMemoryCache(); // use Redis or a table for several machines, or to survive a restart
builder.Services.AddOpenAIWebhooks();

var app = builder.Build();
app.MapPost("/ask",
    async (HttpRequest request, IChatClient chat, IDistributedCache waiting, CancellationToken cancellationToken) =>
{
    using var reader = new StreamReader(request.Body);
    string question = await reader.ReadToEndAsync(cancellationToken);
    ChatResponse started = await chat.GetResponseAsync(
        question, new ChatOptions { AllowBackgroundResponses = true }, cancellationToken);

    // The token's format is not documented, so store the token under the id that the webhook will contain.
    if (started is { ResponseId: { } id, ContinuationToken: { } token })
    {
        var expires = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromDays(4) };
        await waiting.SetAsync(id, token.ToBytes().ToArray(), expires, CancellationToken.None);
    }

    return Results.Accepted(value: started.ResponseId);
});
app.MapOpenAIWebhooks("/webhooks/openai", async (WebhookDelivery delivery, CancellationToken cancellationToken) =>
{
    if (delivery.Event is not ResponseWebhookEvent finished)
    {
        return;
    }

    // A webhook can be faster than the line that stores its token.
    var waiting = app.Services.GetRequiredService<IDistributedCache>();
    byte[]? token = null;
    for (int i = 0; i < 4 && (token = await waiting.GetAsync(finished.Data.Id, cancellationToken)) is null; i++)
    {
        await Task.Delay(TimeSpan.FromSeconds(0.5), cancellationToken);
    }

    if (token is null)
    {
        app.Services.GetRequiredService<ILogger<Program>>().LogWarning(
            "{ResponseId} is ignored: it was already handled, or this application did not start it", finished.Data.Id);
        return;
    }

    var chat = app.Services.GetRequiredService<IChatClient>();
    var options = new ChatOptions
    {
        AllowBackgroundResponses = true,
        ContinuationToken = ResponseContinuationToken.FromBytes(token),
    };
    try
    {
        ChatResponse response = await chat.GetResponseAsync([], options, cancellationToken);
        Console.WriteLine($"{finished.Data.Id}: {response.FinishReason?.Value ?? finished.Type}: {response.Text}");
    }
    catch (ClientResultException exception) when (exception.Status == 404)
    {
        // It was deleted. A retry would not help.
        Console.WriteLine($"{finished.Data.Id} does not exist");
    }

    await waiting.RemoveAsync(finished.Data.Id, CancellationToken.None);
});
app.Run();
