using System.ClientModel;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using OpenAI.Responses;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/ChatClient.cs, against a stub of OpenAI's API: what a webhook finishes is what polling would have
/// given.</summary>
public sealed class ChatClientTests : IAsyncLifetime
{
    private const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cyBvZiBjaGF0cw==";

    private StubApi? _api;
    private bool _isFinished;
    private Task _answer = Task.CompletedTask; // to a question

    public async Task InitializeAsync() => _api = await StubApi.StartAsync(RespondAsync);

    public async Task DisposeAsync() => await _api!.DisposeAsync();

    [Theory]
    [InlineData("completed")]
    [InlineData("failed")]
    [InlineData("incomplete")]
    public Task A_response_that_a_webhook_finishes_has_the_text_that_polling_gives(string status) =>
        FinishAsync(status, isWebhookFirst: false);

    [Fact]
    public Task A_webhook_that_is_faster_than_the_token_is_not_lost() => FinishAsync("completed", isWebhookFirst: true);

    private async Task FinishAsync(string status, bool isWebhookFirst)
    {
        _isFinished = true;
        string polled = await PollAsync(status);
        _isFinished = isWebhookFirst;
        await using var sample = new Node(SampleContract.Start("ChatClient", "--urls", "http://127.0.0.1:0",
            "--OPENAI_API_KEY", "a key for tests", "--OPENAI_BASE_URL", _api!.Url, "--OPENAI_WEBHOOK_SECRET", Secret));
        await sample.StartAsync();
        using var client = new HttpClient();

        // The first question takes long on a busy machine, and an early webhook waits for two seconds only.
        (await client.PostAsync($"{sample.Address}/ask", new StringContent("failed"))).Dispose();
        using var request = new WebhookSigner(Secret).Sign(
            $$"""
            {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.{{status}}",
            "data":{"id":"resp_{{status}}"} }
            """).ToRequest($"{sample.Address}/webhooks/openai");
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = answer.Task;
        var asking = client.PostAsync($"{sample.Address}/ask", new StringContent(status));
        var early = isWebhookFirst ? client.SendAsync(request) : null;
        if (early is not null)
        {
            await Task.WhenAny(early, Task.Delay(TimeSpan.FromMilliseconds(300)));
        }

        answer.SetResult();
        using var asked = await asking;
        string id = (await asked.Content.ReadAsStringAsync()).Trim('"');
        id.Should().Be($"resp_{status}", sample.Log);
        _isFinished = true;
        using var response = await (early ?? client.SendAsync(request));

        ((int)response.StatusCode).Should().Be(200, sample.Log);
        await sample.UntilAsync(() => Regex.IsMatch(sample.Log, $"^{id}: .*\n", RegexOptions.Multiline));
        Regex.Match(sample.Log, $"^{id}: [^:]+: (.*)\n", RegexOptions.Multiline).Groups[1].Value.Should().Be(polled);
    }

    private async Task<string> PollAsync(string status)
    {
        using var chat = new ResponsesClient(new ApiKeyCredential(
            "a key for tests"), new ResponsesClientOptions { Endpoint = new Uri(_api!.Url) }).AsIChatClient("gpt-5");
        var response = await chat.GetResponseAsync(status, new ChatOptions { AllowBackgroundResponses = true });
        while (response.ContinuationToken is { } token)
        {
            response = await chat.GetResponseAsync(
                [], new ChatOptions { AllowBackgroundResponses = true, ContinuationToken = token });
        }

        return response.Text;
    }

    private async Task RespondAsync(HttpContext context)
    {
        bool isNew = HttpMethods.IsPost(context.Request.Method);
        using var reader = new StreamReader(context.Request.Body);
        string asked = await reader.ReadToEndAsync();
        await (isNew ? _answer : Task.CompletedTask);
        string status = new[] { "completed", "failed", "incomplete" }.First(
            one => (isNew ? asked : context.Request.Path.Value!).Contains(one, StringComparison.Ordinal));
        string shown = isNew || !_isFinished ? "queued" : status;
        string text = shown == "queued" || status == "failed" ? "" :
            $$"""
            { "id": "msg_1", "type": "message", "role": "assistant", "status": "{{status}}",
            "content": [{ "type": "output_text", "text": "A cookbook{{(status == "incomplete" ? " and" : ".")}}",
            "annotations": [] }] }
            """;
        string error = shown == "failed" ? """{ "code": "server_error", "message": "It failed." }""" : "null";
        string details = shown == "incomplete" ? """{ "reason": "max_output_tokens" }""" : "null";
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""
            {
              "id": "resp_{{status}}", "object": "response", "created_at": 1750861200,
              "status": "{{shown}}", "background": true, "model": "gpt-5",
              "output": [{{text}}], "error": {{error}}, "incomplete_details": {{details}},
              "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {}
            }
            """);
    }
}
