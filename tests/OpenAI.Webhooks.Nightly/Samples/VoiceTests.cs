using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/Voice.cs, against a stub of OpenAI's API.</summary>
public sealed class VoiceTests
{
    private const string Key = "a key for tests";
    private const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cyBvZiBjYWxscw==";

    [Fact]
    public async Task A_call_is_accepted_and_followed_an_anonymous_one_rejected_and_one_that_is_gone_not_retried()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked);
        await using var sample = await StartAsync(api);
        (await CallAsync(sample, "rtc_1", "\"Zoë\" <sip:+14155550123@example.com>;tag=1")).Should().Be(200);
        (await CallAsync(sample, "rtc_2", "<sip:anonymous@anonymous.invalid>")).Should().Be(200);
        (await CallAsync(sample, "rtc_gone", "<sip:+14155550123@example.com>")).Should().Be(200);
        (await CallAsync(sample, "rtc_1", "\"Zoë\" <sip:+14155550123@example.com>;tag=1")).Should().Be(
            200, "it is a copy");

        await sample.LogsAsync("rtc_1 has ended");

        sample.Log.Should().ContainAll("rtc_1 is accepted", "rtc_1: response.created", "rtc_2 is rejected",
            "rtc_gone is gone").And.NotContain("4155550123");
        asked.Should().BeEquivalentTo(
            "POST /v1/realtime/calls/rtc_1/accept",
            "GET /v1/realtime?call_id=rtc_1",
            """{"type": "response.create"}""",
            "POST /v1/realtime/calls/rtc_2/reject",
            "POST /v1/realtime/calls/rtc_gone/accept");
    }

    [Theory]
    [InlineData("{}", "rtc_1 has ended")]
    [InlineData("[1]", "rtc_1 has ended")]
    [InlineData("no JSON", "rtc_1 is not followed any more")]
    public async Task A_message_that_is_not_as_expected_ends_neither_the_application_nor_other_calls(
        string text, string expected)
    {
        await using var api = await StartApiAsync(new(), text: text);
        await using var sample = await StartAsync(api);

        (await CallAsync(sample, "rtc_1", "<sip:+14155550123@example.com>")).Should().Be(200);
        await sample.LogsAsync(expected);

        (await CallAsync(sample, "rtc_2", "<sip:+14155550123@example.com>")).Should().Be(200);
        await sample.LogsAsync(expected.Replace("rtc_1", "rtc_2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_call_whose_acceptance_takes_too_long_gets_no_200()
    {
        var end = new TaskCompletionSource();
        await using var api = await StartApiAsync(new(), accept: end.Task);
        await using var sample = await StartAsync(api);

        (await CallAsync(sample, "rtc_1", "<sip:+14155550123@example.com>")).Should().Be(500);
        end.SetResult();
    }

    private static async Task<Node> StartAsync(StubApi api)
    {
        var sample = new Node(SampleContract.Start("Voice", "--urls", "http://127.0.0.1:0", "--OPENAI_API_KEY", Key,
            "--OPENAI_BASE_URL", api.Url, "--OPENAI_WEBHOOK_SECRET", Secret));
        await sample.StartAsync();
        return sample;
    }

    private static async Task<int> CallAsync(Node sample, string id, string from)
    {
        using var client = new HttpClient();
        var incoming = new RealtimeCallIncomingWebhookEvent
        {
            Id = $"evt_{id}",
            CreatedAt = DateTimeOffset.UtcNow,
            Data = new() { CallId = id, SipHeaders = [new("From", from)] },
        };
        using var request = new WebhookSigner(Secret).Sign(
            incoming, $"wh_{id}").ToRequest($"{sample.Address}/webhooks/openai");
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task<StubApi> StartApiAsync(
        ConcurrentQueue<string> asked, string text = """{"type":"response.created"}""", Task? accept = null)
    {
        return await StubApi.StartAsync(async context =>
        {
            context.Request.Headers.Authorization.ToString().Should().Be($"Bearer {Key}");
            asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            if (context.WebSockets.IsWebSocketRequest)
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                byte[] buffer = new byte[1024];
                var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                asked.Enqueue(Encoding.UTF8.GetString(buffer, 0, received.Count));
                await socket.SendAsync(Encoding.UTF8.GetBytes(
                    text), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
                await socket.CloseAsync(
                    WebSocketCloseStatus.NormalClosure, "the caller hung up", context.RequestAborted);
                return;
            }

            await (accept ?? Task.CompletedTask);
            context.Response.StatusCode = context.Request.Path.Value!.Contains("gone", StringComparison.Ordinal)
                ? 404 : 200;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{}");
        });
    }
}
