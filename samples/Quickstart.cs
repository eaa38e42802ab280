#:project ../src/OpenAI.Webhooks/OpenAI.Webhooks.csproj
#:property PublishAot=false

// Outside of a clone, replace the line with #:project by: #:package OpenAI.Webhooks@0.1.0
//
// Deliveries in, verified and typed events out: dotnet run samples/Quickstart.cs

using System.Text;
using System.Text.Json;
using OpenAI.Webhooks;

// A delivery that OpenAI published, including its secret. It is old, so this verifier gets a fixed clock; in your code,
// new WebhookVerifier(secret) is enough.
byte[] body = [
    .. """{"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210,"""u8,
    .. """ "type": "response.completed", "data": {"id": "resp_123"}}"""u8,
];
var headers = WebhookHeaders.From(
[
    new("webhook-id", "wh_685c059ae39c8190af8c71ed1022a24d"),
    new("webhook-timestamp", "1750861210"),
    new("webhook-signature", "v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY="),
]);
var webhooks = new WebhookVerifier(new WebhookVerifierOptions
{
    Secrets = ["whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c="],
    TimeProvider = new ClockAt(DateTimeOffset.FromUnixTimeSeconds(1750861210)),
});

var delivery = webhooks.Unwrap(body, headers);
Console.WriteLine($"verified:  {Describe(delivery.Event)}");
Console.WriteLine($"           delivered as {delivery.WebhookId} at {delivery.Timestamp:u}");

// The same delivery with one byte changed.
body[^5] = (byte)'4';
try
{
    webhooks.Unwrap(body, headers);
}
catch (InvalidWebhookSignatureException exception)
{
    Console.WriteLine($"rejected:  {exception.Failure}. {exception.Message}");
}

// Create your own deliveries for tests.
string secret = WebhookSigner.CreateSecret();
var signer = new WebhookSigner(secret);
var verifier = new WebhookVerifier(secret);

string[] payloads =
[
    """
    {"id": "evt_abc123", "object": "event", "created_at": 1719168000, "type": "batch.expired",
    "data": {"id": "batch_abc123"}}
    """,
    """
    {"id": "evt_abc124", "object": "event", "created_at": 1719168000, "type": "realtime.call.incoming",
    "data": {"call_id": "rtc_479a", "sip_headers": [{"name": "From",
    "value": "sip:+14155550123@example.com"}, {"name": "Call-ID", "value": "call-123@example.com"}]}}
    """,
    """
    {"id": "evt_abc125", "object": "event", "created_at": 1719168000, "type": "video.rendered",
    "data": {"id": "video_1"}}
    """,
    """{"id": "evt_abc126", "object": "event", "created_at": 1719168000, "type": "batch.failed", "data": {}}""",
];

foreach (string payload in payloads)
{
    var signed = signer.Sign(Encoding.UTF8.GetBytes(payload));
    try
    {
        Console.WriteLine($"verified:  {Describe(verifier.Unwrap(signed.GetPayload(), signed.Headers).Event)}");
    }
    catch (JsonException exception)
    {
        Console.WriteLine($"malformed: {exception.Message}");
    }
}

static string Describe(WebhookEvent received) => received switch
{
    ResponseCompletedWebhookEvent completed => $"response {completed.Data.Id} completed at {completed.CreatedAt:u}",
    BatchWebhookEvent batch => $"a batch, {batch.Data.Id}: {batch.Type}",
    RealtimeCallIncomingWebhookEvent call => $"call {call.Data.CallId}, SIP {call.Data.SipHeaders.GetValue("call-id")}",
    UnknownWebhookEvent unknown => $"{unknown.Type}, newer than this version: {unknown.Payload.GetProperty("data")}",
    _ => received.Type,
};

internal sealed class ClockAt(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
