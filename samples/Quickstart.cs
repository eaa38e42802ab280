#:project ../src/OpenAI.Webhooks/OpenAI.Webhooks.csproj
#:property PublishAot=false

// Real payloads in, typed events out: dotnet run samples/Quickstart.cs

using System.Text.Json;
using OpenAI.Webhooks;

string[] payloads =
[
    """{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210, "type": "response.completed", "data": {"id": "resp_123"}}""",
    """{"id": "evt_abc123", "object": "event", "created_at": 1719168000, "type": "batch.expired", "data": {"id": "batch_abc123"}}""",
    """{"id": "evt_abc124", "object": "event", "created_at": 1719168000, "type": "realtime.call.incoming", "data": {"call_id": "rtc_479a", "sip_headers": [{"name": "From", "value": "sip:+14155550123@example.com"}, {"name": "Call-ID", "value": "call-123@example.com"}]}}""",
    """{"id": "evt_abc125", "object": "event", "created_at": 1719168000, "type": "video.rendered", "data": {"id": "video_1"}}""",
    """{"id": "evt_abc126", "object": "event", "created_at": 1719168000, "type": "batch.failed", "data": {}}""",
];

foreach (string payload in payloads)
{
    try
    {
        Console.WriteLine(Describe(WebhookEvent.Parse(payload)));
    }
    catch (JsonException exception)
    {
        Console.WriteLine($"malformed: {exception.Message}");
    }
}

static string Describe(WebhookEvent received) => received switch
{
    ResponseCompletedWebhookEvent completed => $"one event: response {completed.Data.Id} completed at {completed.CreatedAt:u}",
    BatchWebhookEvent batch => $"a family:  batch {batch.Data.Id}, {batch.Type}",
    RealtimeCallIncomingWebhookEvent call => $"a call:    {call.Data.CallId}, SIP {call.Data.SipHeaders.GetValue("call-id")}",
    UnknownWebhookEvent unknown => $"unknown:   {unknown.Type}, whole: {unknown.Payload.GetProperty("data")}",
    _ => $"another:   {received.Type}",
};
