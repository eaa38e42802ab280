using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Hosting;
using OpenAI.Batch;
using OpenAI.Evals;
using OpenAI.Files;
using OpenAI.FineTuning;
using OpenAI.Responses;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>samples/FetchResponse.cs, which is the program of this assembly, against a stub of OpenAI's API.</summary>
public class SampleTests
{
    private const string Key = "a key for tests";

    [Fact]
    public async Task FetchResponse_goes_the_whole_way_from_a_delivery_to_what_it_is_about()
    {
        var asked = new ConcurrentQueue<string>();
        await using var api = await StartApiAsync(asked);
        using var sample = Start(api.Urls.Single());
        try
        {
            string address = await ReadUntilAsync(sample, "Now listening on: ");

            (await AskAsync(address)).Should().Be("\"resp_123\"");
            await SendAsync(address,
                """
                {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed",
                "data":{"id":"resp_123"}}
                """);
            (await ReadUntilAsync(sample, "resp_123: ")).Should().Be("A cookbook.");

            await SendAsync(address,
                """
                {"id":"evt_2","object":"event","created_at":1750861210,"type":"batch.completed",
                "data":{"id":"batch_123"}}
                """);
            (await ReadUntilAsync(sample, "batch_123: ")).Should().Be("""{"custom_id":"request-1"}""");

            await SendAsync(address, Call("rtc_1", "sip:+14155550123@example.com"));
            (await ReadUntilAsync(sample, "rtc_1: ")).Should().Be("accept");
            await SendAsync(address, Call("rtc_2", "sip:anonymous@anonymous.invalid"));
            (await ReadUntilAsync(sample, "rtc_2: ")).Should().Be("reject");

            // As in OpenAI's own test events.
            await SendAsync(address,
                """
                {"id":"evt_4","object":"event","created_at":1750861210,"type":"response.completed",
                "data":{"id":"resp_gone"}}
                """);
            (await ReadUntilAsync(sample, "wh_"))
                .Should().EndWith(": response.completed is about something that does not exist");
        }
        finally
        {
            sample.Kill(entireProcessTree: true);
            await sample.WaitForExitAsync();
        }

        asked.First().Should().StartWith("POST /v1/responses {").And.Contain("\"background\":true").And
            .Contain("What rhymes with webhook?");
        asked.Skip(1).Should().Equal(
            "GET /v1/responses/resp_123",
            "GET /v1/batches/batch_123",
            "GET /v1/files/file_out/content",
            "POST /v1/realtime/calls/rtc_1/accept "
                + """{"type": "realtime", "model": "gpt-realtime", "instructions": "Say hello."}""",
            """POST /v1/realtime/calls/rtc_2/reject {"status_code": 603}""",
            "GET /v1/responses/resp_gone");
    }

    [Fact]
    public void The_page_of_events_names_calls_that_the_package_has()
    {
        using var reader = new StreamReader(typeof(SampleTests).Assembly.GetManifestResourceStream("events.md")!);

        reader.ReadToEnd().Should().ContainAll(
            $".{nameof(OpenAIClient.GetResponsesClient)}().{nameof(ResponsesClient.GetResponseAsync)}(Id)",
            $"`{nameof(ResponseResult.GetOutputText)}()`",
            $"`{nameof(ResponseResult.Error)}`",
            $".{nameof(OpenAIClient.GetBatchClient)}().{nameof(BatchClient.GetBatchAsync)}(Id, …)",
            $".{nameof(OpenAIClient.GetOpenAIFileClient)}()"
                + $".{nameof(OpenAIFileClient.DownloadFileAsync)}({nameof(BatchJob.OutputFileId)})",
            $".{nameof(OpenAIClient.GetFineTuningClient)}().{nameof(FineTuningClient.GetJobAsync)}(Id)",
            $".{nameof(OpenAIClient.GetEvaluationClient)}()"
                + $".{nameof(EvaluationClient.GetEvaluationRunAsync)}(evaluationId, Id, …)",
            $"`client.{nameof(OpenAIClient.Pipeline)}`");
    }

    private static string Call(string id, string from)
        =>
            $$$"""
            {"id":"evt_3","object":"event","created_at":1750861210,"type":"realtime.call.incoming",
            "data":{"call_id":"{{{id}}}","sip_headers":[{"name":"From","value":"{{{from}}}"}]}}
            """;

    private static Process Start(string api)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [
                "exec", typeof(SampleTests).Assembly.Location, "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["OPENAI_API_KEY"] = Key;
        start.Environment["OPENAI_BASE_URL"] = $"{api}/v1";
        start.Environment["OPENAI_WEBHOOK_SECRET"] = TestApp.Secret;
        return Process.Start(start)!;
    }

    /// <summary>The rest of the first line of the output that has a beginning.</summary>
    private static async Task<string> ReadUntilAsync(Process process, string beginning)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Trim().StartsWith(beginning, StringComparison.Ordinal))
            {
                return line.Trim()[beginning.Length..];
            }
        }

        throw new InvalidOperationException($"The sample ended before it said '{beginning}'.");
    }

    private static async Task<string> AskAsync(string address)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{address}/ask", new StringContent("What rhymes with webhook?"));
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task SendAsync(string address, string payload)
    {
        using var client = new HttpClient();
        using var request = TestApp.Sign(payload).ToRequest(new Uri($"{address}/webhooks/openai"));
        using var answer = await client.SendAsync(request);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private static async Task<WebApplication> StartApiAsync(ConcurrentQueue<string> asked)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Request.Headers.Authorization.ToString().Should().Be($"Bearer {Key}");
            using var reader = new StreamReader(context.Request.Body);
            asked.Enqueue($"{context.Request.Method} {context.Request.Path} {await reader.ReadToEndAsync()}".TrimEnd());
            context.Response.ContentType = "application/json";
            context.Response.StatusCode = context.Request.Path.Value!.EndsWith("_gone", StringComparison.Ordinal)
                ? 404
                : 200;
            await context.Response.WriteAsync(context.Request.Path.Value switch
            {
                "/v1/responses" or "/v1/responses/resp_123" =>
                    """
                    {
                      "id": "resp_123", "object": "response", "created_at": 1750861200,
                      "status": "completed", "background": true, "model": "gpt-5",
                      "output": [
                        { "id": "rs_1", "type": "reasoning", "summary": [] },
                        { "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
                          "content": [
                              { "type": "output_text", "text": "A cookbook.", "annotations": [] }
                          ] }
                      ],
                      "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {}
                    }
                    """,
                "/v1/batches/batch_123" =>
                    """
                    {
                      "id": "batch_123", "object": "batch", "endpoint": "/v1/responses",
                      "input_file_id": "file_in", "completion_window": "24h",
                      "status": "completed", "output_file_id": "file_out", "created_at": 1750861200
                    }
                    """,
                "/v1/files/file_out/content" => """{"custom_id":"request-1"}""",
                _ => "{}",
            });
        });
        await app.StartAsync();
        return app;
    }
}
