using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>An application whose handlers hold all the threads there are. Alone, because the other tests want some.</summary>
[CollectionDefinition(nameof(BusyThreadsTests), DisableParallelization = true), Collection(nameof(BusyThreadsTests))]
public class BusyThreadsTests
{
    [Fact]
    public async Task A_cache_that_has_to_wait_for_a_thread_has_not_failed()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks().AddDeduplication();
            builder.Services.AddDistributedMemoryCache();
        });
        var signed = TestApp.Sign();
        await app.SendAsync(signed);

        using var released = new ManualResetEventSlim();
        using var ended = new CountdownEvent(500);
        for (int i = 0; i < ended.InitialCount; i++)
        {
            ThreadPool.QueueUserWorkItem(_ =>
            {
                released.Wait();
                ended.Signal();
            });
        }

        var answer = AnswerAsync(app, signed);

        // Longer than a cache is waited for.
        released.Wait(TimeSpan.FromMilliseconds(800));
        bool isWaiting = !answer.IsCompleted;
        released.Set();
        ended.Wait();
        await answer;

        isWaiting.Should().BeTrue();
        app.Deliveries.Should().ContainSingle();
        app.Log.Should().NotContain(entry => entry.Level >= LogLevel.Warning);
    }

    // The endpoint itself: without a thread there is no server either.
    private static Task AnswerAsync(TestApp app, SignedWebhook signed)
    {
        var endpoint = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single();
        var context = new DefaultHttpContext { RequestServices = app.Services };
        context.SetEndpoint(endpoint);
        context.Request.Body = new MemoryStream(signed.Payload.ToArray());
        foreach (var (name, value) in signed.Headers.ToDictionary())
        {
            context.Request.Headers[name] = value;
        }

        return endpoint.RequestDelegate!(context);
    }
}
