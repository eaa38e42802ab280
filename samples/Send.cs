#:project ../src/OpenAI.Webhooks/OpenAI.Webhooks.csproj
#:property PublishAot=false

// Sends a signed event of a chosen type to the receiver: dotnet run samples/Send.cs [type] [url]

using System.Globalization;
using OpenAI.Webhooks;

string type = args.ElementAtOrDefault(0) ?? WebhookEventTypes.ResponseCompleted;
string url = args.ElementAtOrDefault(1) ?? "http://localhost:5000/webhooks/openai";
string secret = Environment.GetEnvironmentVariable("OPENAI_WEBHOOK_SECRET") ?? "the secret of the samples";

// The data has what any type needs; an event ignores the fields that it does not have.
string now = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
string payload = $$"""
    {
      "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "created_at": {{now}}, "type": "{{type}}",
      "data": {
        "id": "sample_123", "call_id": "rtc_sample", "session_id": "live_sample", "type": "sip",
        "sip_headers": [{ "name": "Call-ID", "value": "call-123@example.com" }],
        "environment_type": "none", "required_action": { "type": "function_call" }
      }
    }
    """;

var signed = new WebhookSigner(secret).Sign(payload);
using var request = signed.ToRequest(url);
using var client = new HttpClient();
try
{
    using var response = await client.SendAsync(request);
    Console.WriteLine($"{signed.Headers.Id} ({type}): {(int)response.StatusCode} {response.ReasonPhrase}");
}
catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
{
    Console.WriteLine($"Nobody answers at {url} ({exception.Message}). Start the receiver first: dotnet run samples/Receiver.cs");
}
