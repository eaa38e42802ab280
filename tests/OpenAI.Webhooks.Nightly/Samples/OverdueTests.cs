using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Nightly;

/// <summary>samples/Overdue.cs, against a stub of OpenAI's API.</summary>
public sealed partial class OverdueTests : IDisposable
{
    private const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cyBvZiB3aGF0IGlzIG92ZXJkdWU=";
    private const int Count = 1000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Late = TimeSpan.FromHours(1);
    private static readonly TimeSpan Quiet = 3 * Soon;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Each_of_a_thousand_responses_is_handled_once_though_webhooks_are_lost_and_the_receiver_was_away()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked);
        using var client = new HttpClient();
        await using var first = await StartAsync(api, Late);
        string[] delivered = await AskAsync(client, first, Count * 99 / 100);
        await DeliverAsync(client, first, delivered[..400]);
        await first.StopAsync();

        // One in a hundred never comes, and is due while the receiver is away.
        await using var second = await StartAsync(api, Away);
        string[] missing = await AskAsync(client, second, Count / 100);
        await second.StopAsync();
        await Task.Delay(Away);

        await using var third = await StartAsync(api, Late);
        var delivering = DeliverAsync(client, third, delivered[400..]);
        await third.UntilAsync(() => missing.All(Handled(second, third).Contains));
        await delivering;
        await third.UntilAsync(() => Handled(first, second, third).Count >= Count);
        await DeliverAsync(client, third, [.. delivered[..10], .. missing]);
        await Task.Delay(Quiet);

        Handled(first, second, third).Should().BeEquivalentTo(delivered.Concat(missing), "each is handled once");
        asked.Where(request => request.StartsWith("GET", StringComparison.Ordinal)).Should().BeEquivalentTo(
            missing.Select(id => $"GET /v1/responses/{id}"), "only what is missing is asked for, and once");
    }

    [Fact]
    public async Task A_response_that_cannot_be_asked_for_is_asked_for_again_and_its_late_webhook_handled()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked, ask: _ => Task.FromResult(401));
        using var client = new HttpClient();
        await using var node = await StartAsync(api, Soon);
        string id = await AskAsync(client, node);
        await node.UntilAsync(() => asked.Count(request => request.StartsWith("GET", StringComparison.Ordinal)) >= 6);
        Handled(node).Should().BeEmpty();

        await DeliverAsync(client, node, [id]);
        await node.UntilAsync(() => Handled(node).Count == 1);
        await DeliverAsync(client, node, [id]);
        int before = asked.Count;
        await Task.Delay(Quiet);

        Handled(node).Should().Equal(id);
        asked.Should().HaveCount(before, "what is finished is not asked for");
    }

    [Fact]
    public async Task A_webhook_that_comes_while_the_overdue_response_is_asked_for_does_not_handle_it_twice()
    {
        var asked = new ConcurrentQueue<string>();
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await StartApiAsync(asked, ask: _ => answer.Task);
        using var client = new HttpClient();
        await using var node = await StartAsync(api, Soon);
        string id = await AskAsync(client, node);
        await node.UntilAsync(() => asked.Any(request => request.StartsWith("GET", StringComparison.Ordinal)));

        await DeliverAsync(client, node, [id]);
        await Task.Delay(Soon);
        Handled(node).Should().BeEmpty("one run at a time");
        answer.SetResult(200);
        await node.UntilAsync(() => Handled(node).Count > 0);
        await Task.Delay(Quiet);

        Handled(node).Should().Equal(id);
    }

    [Fact]
    public async Task A_webhook_of_a_response_without_a_job_is_handled_once_as_after_a_kill_before_the_job_was_stored()
    {
        await using var api = await StartApiAsync([]);
        using var client = new HttpClient();
        await using var node = await StartAsync(api, Soon);

        await DeliverAsync(client, node, ["resp_1000001", "resp_1000001"]);
        await node.UntilAsync(() => Handled(node).Count > 0);
        await DeliverAsync(client, node, ["resp_1000001"]);
        await Task.Delay(Quiet);

        Handled(node).Should().Equal("resp_1000001");
    }

    [Fact]
    public async Task A_response_that_OpenAI_does_not_know_is_reported_and_not_asked_for_again()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked, ask: _ => Task.FromResult(404));
        using var client = new HttpClient();
        await using var node = await StartAsync(api, Soon);
        string id = await AskAsync(client, node);
        await node.LogsAsync($"OpenAI does not know the response {id} any more");

        int before = asked.Count;
        await Task.Delay(Quiet);

        asked.Should().HaveCount(before);
        Handled(node).Should().BeEmpty();
    }

    private static async Task<string[]> AskAsync(HttpClient client, Node node, int count)
    {
        string[] ids = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) => ids[i] = await AskAsync(client, node));
        return ids;
    }

    private static async Task<string> AskAsync(HttpClient client, Node node)
    {
        using var response = await client.PostAsync(
            $"{node.Address}/ask", new StringContent("What rhymes with webhook?"));
        return (await response.Content.ReadAsStringAsync()).Trim('"');
    }

    private static async Task DeliverAsync(HttpClient client, Node node, string[] ids)
        => await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, token) =>
        {
            var completed = new ResponseCompletedWebhookEvent
            {
                Id = $"evt_{id}",
                CreatedAt = DateTimeOffset.UtcNow,
                Data = new() { Id = id },
            };
            using var request = new WebhookSigner(Secret).Sign(completed).ToRequest($"{node.Address}/webhooks/openai");
            using var response = await client.SendAsync(request, token);
            response.EnsureSuccessStatusCode();
        });

    private static List<string> Handled(params Node[] nodes)
        => [.. nodes.SelectMany(node => HandledPattern().Matches(node.Log)).Select(match => match.Groups[1].Value)];

    private static async Task<StubApi> StartApiAsync(ConcurrentQueue<string> asked, Func<string, Task<int>>? ask = null)
    {
        int started = 0;
        return await StubApi.StartAsync(async context =>
        {
            asked.Enqueue($"{context.Request.Method} {context.Request.Path}");
            bool isNew = HttpMethods.IsPost(context.Request.Method);
            string id = isNew
                ? $"resp_{Interlocked.Increment(ref started)}" : context.Request.Path.Value!.Split('/')[^1];
            context.Response.StatusCode = isNew || ask is null ? 200 : await ask(id);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync($$"""
                {
                  "id": "{{id}}", "object": "response", "created_at": 1750861200,
                  "status": "{{(isNew ? "queued" : "completed")}}", "background": true, "model": "gpt-5",
                  "output": [], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {}
                }
                """);
        });
    }

    private async Task<Node> StartAsync(StubApi api, TimeSpan due)
    {
        var node = new Node(SampleContract.Start(
            "Overdue",
            "--file", Path.Combine(_folder.FullName, "overdue.db"),
            "--due", $"{due}",
            "--urls", "http://127.0.0.1:0",
            "--OPENAI_API_KEY", "a key for tests",
            "--OPENAI_BASE_URL", api.Url,
            "--OPENAI_WEBHOOK_SECRET", Secret));
        await node.StartAsync();
        return node;
    }

    [GeneratedRegex("^(resp_\\d+): response\\.completed", RegexOptions.Multiline)]
    private static partial Regex HandledPattern();
}
