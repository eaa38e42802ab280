#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:property PublishAot=false

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// A server on localhost that logs each delivery: dotnet run samples/Receiver.cs
// Send it a delivery from another terminal, with the same OPENAI_WEBHOOK_SECRET:
//   dotnet run --project src/OpenAI.Webhooks.Tool -- send batch.completed --to http://localhost:5000/webhooks/openai

using OpenAI.Webhooks;

var builder = WebApplication.CreateBuilder(args);

// For this sample only: a public secret, unless OPENAI_WEBHOOK_SECRET is set.
builder.Configuration["OPENAI_WEBHOOK_SECRET"] ??= "whsec_dGhlIHNlY3JldCBvZiB0aGUgc2FtcGxlcw==";

builder.Services.AddOpenAIWebhooks().AddDeduplication();

var app = builder.Build();

app.MapOpenAIWebhooks("/webhooks/openai", (WebhookDelivery delivery, CancellationToken cancellationToken) =>
{
    string what = delivery.Event switch
    {
        ResponseCompletedWebhookEvent completed => $"response {completed.Data.Id} is done",
        BatchWebhookEvent batch => $"batch {batch.Data.Id}: {batch.Type}",
        RealtimeCallIncomingWebhookEvent call => $"call {call.Data.CallId} is waiting",
        UnknownWebhookEvent unknown => $"{unknown.Type}, newer than this version",
        var other => other.Type,
    };
    app.Logger.LogInformation("{WebhookId}: {What}", delivery.WebhookId, what);
    return Task.CompletedTask;
});

app.Run();
