using Microsoft.Data.Sqlite;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

const string secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSBjb25zdW1lcg==";
var builder = WebApplication.CreateBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Configuration["OPENAI_WEBHOOK_SECRET"] = secret;
builder.Services.AddOpenAIWebhooks()
    .AddHandler<WebhookEvent, Show>()
    .AddQuartzInbox(quartz => quartz.UsePersistentStore(
        store => store.UseSqlite(SqliteFactory.Instance, "Data Source=webhooks.db")));

var app = builder.Build();
app.MapOpenAIWebhooks("/hook");
await app.StartAsync();
using var client = new HttpClient();
using var request = new WebhookSigner(secret)
    .Sign(
        """
        {"id": "evt_1", "object": "event", "created_at": 1750861210, "type": "response.completed",
        "data": {"id": "resp_123"}}
        """)
    .ToRequest(app.Urls.Single() + "/hook");
using var response = await client.SendAsync(request);
Console.WriteLine($"stored: {response.StatusCode}");
Console.WriteLine($"handled: {await Show.Handled.Task.WaitAsync(TimeSpan.FromMinutes(1))}");
await app.StopAsync();

internal sealed class Show : IWebhookHandler<WebhookEvent>
{
    public static TaskCompletionSource<string> Handled { get; } = new();

    public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        Handled.TrySetResult(webhookEvent.Type);
        return Task.CompletedTask;
    }
}
