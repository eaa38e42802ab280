#:sdk Microsoft.NET.Sdk.Web
#:project ../src/OpenAI.Webhooks.AspNetCore/OpenAI.Webhooks.AspNetCore.csproj
#:package OpenAI@2.15.0
#:property ManagePackageVersionsCentrally=false
#:property PublishAot=false
#:property NoWarn=$(NoWarn);OPENAI001

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks.AspNetCore@0.1.0
//
// Answers phone calls: accepts each call within a second; a background service does the talking.
//   OPENAI_API_KEY=… OPENAI_WEBHOOK_SECRET=… dotnet run samples/Voice.cs

using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using OpenAI;
using OpenAI.Webhooks;

var builder = WebApplication.CreateBuilder(args);
string key = builder.Configuration["OPENAI_API_KEY"] ?? throw new InvalidOperationException("Set OPENAI_API_KEY.");
string endpoint = builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
builder.Services.AddSingleton(
    new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(endpoint) }));
builder.Services.AddSingleton(Channel.CreateUnbounded<string>()).AddHostedService<Conversations>();

// A caller waits only seconds, so the call is answered within the request, without a queue. A call must not be answered
// twice.
builder.Services.AddOpenAIWebhooks().AddDeduplication().AddHandler<RealtimeCallIncomingWebhookEvent, Answer>();

var app = builder.Build();
app.MapOpenAIWebhooks("/webhooks/openai");
app.Run();

internal sealed class Answer(OpenAIClient openAI, Channel<string> accepted, ILogger<Answer> logger)
    : OpenAI.Webhooks.AspNetCore.IWebhookHandler<RealtimeCallIncomingWebhookEvent>
{
    private const int Gone = 404;

    // Includes retries. After this time, the caller has probably hung up; OpenAI retries the webhook.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public async Task HandleAsync(
        RealtimeCallIncomingWebhookEvent incoming, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        string callId = incoming.Data.CallId;

        // The caller's side wrote this value, so do not trust it. It is personal data: do not log it.
        string? number = incoming.Data.SipHeaders.GetFrom()?.GetPhoneNumber();
        bool isAccepted = number is not null;
        string body = isAccepted
            ? """
              {"type": "realtime", "model": "gpt-realtime",
               "instructions": "You are a friendly receptionist. Ask how you can help."}
              """
            : """{"status_code": 603}""";

        // The package has no method for this yet (2.15.0). Its pipeline adds the API key, and retries where a retry can
        // help.
        string answer = isAccepted ? "accept" : "reject";
        var url = new Uri($"{openAI.Endpoint}/realtime/calls/{Uri.EscapeDataString(callId)}/{answer}");
        using PipelineMessage message = openAI.Pipeline.CreateMessage(url, "POST");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = BinaryContent.Create(BinaryData.FromString(body));
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        message.Apply(new RequestOptions { CancellationToken = deadline.Token });
        await openAI.Pipeline.SendAsync(message);
        if (message.Response!.Status == Gone)
        {
            logger.LogInformation("{CallId} is gone: the caller hung up", callId); // OpenAI must not retry
            return;
        }

        if (message.Response.IsError)
        {
            throw await ClientResultException.CreateAsync(message.Response);
        }

        logger.LogInformation("{CallId} is {Answer}", callId, isAccepted ? "accepted" : "rejected");
        if (isAccepted)
        {
            await accepted.Writer.WriteAsync(callId, cancellationToken);
        }
    }
}

/// <summary>
/// Follows accepted calls over their WebSockets. A call continues without this service, but then nothing observes it.
/// </summary>
internal sealed class Conversations(
    Channel<string> accepted, IConfiguration configuration, ILogger<Conversations> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Parallel.ForEachAsync(accepted.Reader.ReadAllAsync(stoppingToken),
            new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = stoppingToken }, FollowAsync);

    private async ValueTask FollowAsync(string callId, CancellationToken cancellationToken)
    {
        try
        {
            // The package's GetRealtimeClient() (2.15.0) connects without the API key.
            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", $"Bearer {configuration["OPENAI_API_KEY"]}");
            string url = configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
            await socket.ConnectAsync(new Uri(
                $"ws{url["http".Length..]}/realtime?call_id={Uri.EscapeDataString(callId)}"), cancellationToken);
            await socket.SendAsync("""{"type": "response.create"}"""u8.ToArray(), WebSocketMessageType.Text,
                endOfMessage: true, cancellationToken);
            var buffer = new ArraySegment<byte>(new byte[64 * 1024]);
            using var text = new MemoryStream();
            while (await socket.ReceiveAsync(
                buffer, cancellationToken) is { MessageType: WebSocketMessageType.Text } part)
            {
                text.Write(buffer[..part.Count]);
                if (part.EndOfMessage)
                {
                    using var message = JsonDocument.Parse(text.GetBuffer().AsMemory(0, (int)text.Length));
                    JsonElement root = message.RootElement;
                    logger.LogInformation("{CallId}: {Type}", callId,
                        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("type", out var type)
                            ? type : "no type");
                    text.SetLength(0);
                }
            }

            logger.LogInformation("{CallId} has ended", callId);
        }
        // a failing call must not end the others
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning("{CallId} is not followed any more: {Reason}", callId, exception.Message);
        }
    }
}
