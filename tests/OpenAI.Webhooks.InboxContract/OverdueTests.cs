using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>samples/Overdue.cs, against a stub of OpenAI's API.</summary>
public sealed partial class OverdueTests : IDisposable
{
    private const string Secret = "a secret for the tests of what is overdue";
    private const int Count = 1000;

    private static readonly TimeSpan Due = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Of_a_thousand_responses_each_is_handled_once_in_time_though_some_webhooks_never_come_and_the_receiver_is_away()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked);
        using var client = new HttpClient();
        await using var first = await StartAsync(api);
        string[] ids = new string[Count];
        await Parallel.ForAsync(0, Count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, token) =>
        {
            using var response = await client.PostAsync($"{first.Address}/ask", new StringContent("What rhymes with webhook?"), token);
            ids[i] = (await response.Content.ReadAsStringAsync(token)).Trim('"');
        });
        var started = Stopwatch.StartNew();
        await DeliverAsync(client, first, ids[..400]);
        await first.StopAsync();

        // One in a hundred never comes.
        await using var second = await StartAsync(api);
        await DeliverAsync(client, second, ids[400..(Count * 99 / 100)]);
        while (Handled(first, second).Count < Count && started.Elapsed < Due + TimeSpan.FromMinutes(1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        await DeliverAsync(client, second, ids[..10]);
        await second.StopAsync();

        Handled(first, second).Should().BeEquivalentTo(ids, "each is handled, and once");
        asked.Where(request => request.StartsWith("GET", StringComparison.Ordinal)).Should().BeEquivalentTo(ids[(Count * 99 / 100)..].Select(id => $"GET /v1/responses/{id}"), "only what is missing is asked for, and once");
    }

    private static async Task DeliverAsync(HttpClient client, Node node, string[] ids)
        => await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, token) =>
        {
            using var request = new WebhookSigner(Secret).Sign(new ResponseCompletedWebhookEvent { Id = $"evt_{id}", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = id } }).ToRequest($"{node.Address}/webhooks/openai");
            using var response = await client.SendAsync(request, token);
            response.EnsureSuccessStatusCode();
        });

    private static List<string> Handled(params Node[] nodes)
        => [.. nodes.SelectMany(node => HandledPattern().Matches(node.Log)).Select(match => match.Groups[1].Value)];

    private static async Task<StubApi> StartApiAsync(ConcurrentQueue<string> asked)
    {
        int started = 0;
        return await StubApi.StartAsync(async context =>
        {
            asked.Enqueue($"{context.Request.Method} {context.Request.Path}");
            bool isNew = HttpMethods.IsPost(context.Request.Method);
            string id = isNew ? $"resp_{Interlocked.Increment(ref started)}" : context.Request.Path.Value!.Split('/')[^1];
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync($$"""
                {
                  "id": "{{id}}", "object": "response", "created_at": 1750861200, "status": "{{(isNew ? "queued" : "completed")}}", "background": true, "model": "gpt-5",
                  "output": [], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {}
                }
                """);
        });
    }

    private async Task<Node> StartAsync(StubApi api)
    {
        var node = new Node(SampleContract.Start("Overdue", "--file", Path.Combine(_folder.FullName, "overdue.db"), "--due", $"{Due}", "--urls", "http://127.0.0.1:0", "--OPENAI_API_KEY", "a key for tests", "--OPENAI_BASE_URL", api.Url, "--OPENAI_WEBHOOK_SECRET", Secret));
        await node.StartAsync();
        return node;
    }

    [GeneratedRegex("^(resp_\\d+): response\\.completed", RegexOptions.Multiline)]
    private static partial Regex HandledPattern();
}
