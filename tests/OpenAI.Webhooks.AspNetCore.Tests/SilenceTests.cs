using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>What becomes of deliveries, so that nothing passes unseen.</summary>
public class SilenceTests
{
    [Fact]
    public async Task A_type_that_nobody_handles_is_warned_of_once_an_hour_with_the_number_of_those_in_between()
    {
        var clock = new StoppedClock();
        await using var app = await StartAsync<Nothing>(builder => builder.Services.AddSingleton<TimeProvider>(clock));
        foreach (
            string type in new[]
            {
                "batch.failed", "batch.failed", "batch.failed", "eval.run.failed", "newer", "openai_webhooks.doctor",
            })
        {
            await SendAsync(type);
        }

        clock.Advance(TimeSpan.FromHours(1));
        await SendAsync("batch.failed");

        app.Log.Where(entry => entry.Level == LogLevel.Warning)
            .Select(entry => entry.Message.Replace("the webhook wh_1 was acknowledged and dropped", "…"))
            .Should().Equal(
            "No handler is registered for batch.failed, so …. Add a handler with AddHandler<BatchFailedWebhookEvent, "
            + "THandler>(), or unsubscribe the endpoint from this type at OpenAI.",
            "No handler is registered for eval.run.failed, so …. Add a handler with "
            + "AddHandler<EvalRunFailedWebhookEvent, THandler>(), or unsubscribe the endpoint from this type "
            + "at OpenAI.",
            "No handler is registered for newer, so …. Add a handler with AddHandler<UnknownWebhookEvent, THandler>(), "
            + "or unsubscribe the endpoint from this type at OpenAI.",
            "No handler is registered for batch.failed, so …. Add a handler with AddHandler<BatchFailedWebhookEvent, "
            + "THandler>(), or unsubscribe the endpoint from this type at OpenAI. 2 more deliveries of this type were "
            + "dropped since the last warning.");

        async Task SendAsync(string type)
            => (await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(
                TestApp.Payload.Replace("response.completed", type), "wh_1"))).StatusCode
            .Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_handlers_log_has_the_delivery_in_its_scope(bool isDispatched)
    {
        await using var app = await StartAsync<Logging>();

        await HandleAsync(app, isDispatched);

        var entry = app.Log.Single(entry => entry.Category == "handler");
        entry.Scope.Should().Contain("WebhookId", "wh_1").And.Contain("EventType", "response.completed");
        app.Log.Single(entry => entry.Level == LogLevel.Information && entry.Category != "handler").Message
            .Should().Be("Handled the webhook wh_1 (response.completed).");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_that_gives_up_is_not_retried_logged_as_an_error_and_counted(bool isDispatched)
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync<GivingUp>(
            builder => builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics));

        await HandleAsync(app, isDispatched, HttpStatusCode.OK, typeof(PermanentWebhookFailureException));

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which
            .Should().Match<TestApp.LogEntry>(entry =>
            entry.Message == "A handler reported a permanent failure for the webhook wh_1 (response.completed). The "
                + "delivery is not retried."
            && entry.Exception!.Message == "The response is gone.");
        metrics.Of("openai.webhook.deliveries")
            .Should().Equal("1 openai.webhook.event.type=response.completed openai.webhook.outcome=given_up");
        metrics.Of("openai.webhook.handled.age").Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_attempt_is_one_error_with_one_stack(bool isDispatched)
    {
        await using var app = await StartAsync<Failing>();

        await HandleAsync(app, isDispatched, HttpStatusCode.InternalServerError, typeof(InvalidOperationException));

        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning || entry.Exception != null)
            .Which.Level.Should().Be(LogLevel.Error);
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_counted_and_logged_when_it_is_dispatched()
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync<Nothing>(
            builder => builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics));

        await FluentActions.Awaiting(
            () => app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(
                new WebhookMessage("wh_1", default, "{}"u8.ToArray())))
            .Should().ThrowAsync<UnreadableWebhookException>();

        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=unreadable");
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Message.Should().Contain("wh_1");
    }

    [Fact]
    public async Task The_ages_of_events_are_measured_in_seconds_when_they_arrive_and_when_they_are_handled()
    {
        using var metrics = new Metrics();
        var clock = new StoppedClock();
        await using var app = await StartAsync<Nothing>(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
        });
        string createdAt = (clock.GetUtcNow() - TimeSpan.FromSeconds(90)).ToUnixTimeSeconds().ToString(
            System.Globalization.CultureInfo.InvariantCulture);
        string ahead = (clock.GetUtcNow() + TimeSpan.FromSeconds(90)).ToUnixTimeSeconds().ToString(
            System.Globalization.CultureInfo.InvariantCulture);

        foreach (string time in new[] { createdAt, ahead })
        {
            await app.SendAsync(
                new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload.Replace("1750861210", time)));
        }

        foreach (string instrument in new[] { "openai.webhook.arrival.age", "openai.webhook.handled.age" })
        {
            metrics.Of(instrument).Select(
                measurement => Math.Floor(
                    double.Parse(measurement.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)))
                .Should().Equal(90, 0);
            metrics.Of(instrument)
                .Should().OnlyContain(
                    measurement => measurement.EndsWith(" openai.webhook.event.type=response.completed"));
        }
    }

    [Fact]
    public async Task Storing_is_an_activity_and_the_trace_goes_on_when_the_message_is_dispatched_after_any_queue()
    {
        using var activities = new Activities();
        string id = $"wh_{Guid.NewGuid():N}";
        var queue = new Queue();
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddInbox(_ => queue).AddHandler<WebhookEvent, Nothing>(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        await app.SendAsync(TestApp.Sign(webhookId: id));
        await app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(
            WebhookMessage.Parse(queue.Messages.Single().ToJson()));

        var mine = activities.Stopped.Where(
            activity => (string?)activity.GetTagItem("openai.webhook.id") == id).ToArray();
        mine.Select(activity => (activity.OperationName, activity.Kind, activity.GetTagItem("openai.webhook.outcome")))
            .Should().Equal(
            ("openai.webhook.store", ActivityKind.Producer, "stored"), (
                "openai.webhook", ActivityKind.Consumer, "handled"));
        mine.Should().OnlyContain(
            activity => (string?)activity.GetTagItem("openai.webhook.event.type") == "response.completed"
            && (string?)activity.GetTagItem("openai.webhook.event.id") == "evt_685c059ae3a481909bdc86819b066fb6");
        mine[1].TraceId.Should().Be(mine[0].TraceId);
        mine[1].ParentSpanId.Should().Be(mine[0].SpanId);
        queue.Messages.Single().Should().Match<WebhookMessage>(message =>
            message.EventType == "response.completed"
                && message.EventId == "evt_685c059ae3a481909bdc86819b066fb6"
                && message.TraceParent == mine[0].Id);
    }

    [Fact]
    public async Task The_same_id_at_two_paths_of_one_route_is_two_deliveries()
    {
        var handled = new ConcurrentQueue<string>();
        var queue = new Queue();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddHttpContextAccessor();
                builder.Services.AddOpenAIWebhooks().AddDeduplication();
                builder.Services.AddOpenAIWebhooks("stored", options => options.Secrets = [TestApp.Secret])
                    .AddInbox(_ => queue).ReceiveOnly();
            },
            app =>
            {
                app.MapOpenAIWebhooks("/{tenant}/hook", (_, _) =>
                {
                    handled.Enqueue(
                        (string)app.Services.GetRequiredService<IHttpContextAccessor>()
                            .HttpContext!.Request.RouteValues["tenant"]!);
                    return Task.CompletedTask;
                });
                app.MapOpenAIWebhooks("/stored/{tenant}", "stored");
            });

        foreach (string path in new[] { "/a/hook", "/b/hook", "/a/hook", "/stored/a", "/stored/b", "/stored/a" })
        {
            (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), path)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        handled.Should().Equal("a", "b");
        var keys = queue.Messages.Select(message => WebhookMessage.Parse(message.ToJson()).Key).ToArray();
        keys[0].Should().Be(keys[2]).And.NotBe(keys[1]);
    }

    [Fact]
    public async Task What_a_handler_leaves_registered_with_its_token_is_not_kept_after_the_delivery()
    {
        var left = new ConcurrentQueue<WeakReference>();
        int called = 0;
        await using var app = await TestApp.StartAsync(handler: (_, token) =>
        {
            Leave(token);
            return Task.CompletedTask;
        });

        for (int i = 0; i < 20; i++)
        {
            await app.SendAsync(TestApp.Sign());
        }

        await TestApp.Eventually(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return left.Count(reference => reference.IsAlive) <= 2;
        });
        await app.StopAsync();
        called.Should().Be(0);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Leave(CancellationToken token)
        {
            var source = CancellationTokenSource.CreateLinkedTokenSource(token);
            token.Register(() => called++);
            left.Enqueue(new WeakReference(source));
        }
    }

    [Fact]
    public async Task A_decompressed_body_that_is_shorter_than_what_was_sent_is_no_body_that_something_read()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddRequestDecompression();
                builder.Services.AddOpenAIWebhooks();
            },
            app =>
            {
                app.UseRequestDecompression();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            });
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.NoCompression, leaveOpen: true))
        {
            gzip.Write("{}"u8);
        }

        var headers = TestApp.Sign(secret: TestApp.OtherSecret).Headers.ToDictionary();
        headers["Content-Encoding"] = "gzip";
        using var response = await app.SendAsync(compressed.ToArray(), headers);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        compressed.Length.Should().BeGreaterThan(2);
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message
            .Should().Contain("no signature matches").And.NotContain("incomplete");
    }

    [Theory]
    [InlineData("gzip", "400 *The webhook's body is compressed (Content-Encoding)*UseRequestDecompression*")]
    [InlineData("identity", "400 *no signature matches*")]
    public async Task A_body_that_a_proxy_compressed_is_named(string encoding, string reason)
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();

        using var response = await app.SendAsync(
            "compressed"u8.ToArray(),
            [.. signed.Headers.ToDictionary(), KeyValuePair.Create("Content-Encoding", encoding)]);

        $"{(int)response.StatusCode} {app.Log.Should().ContainSingle().Which.Message}".Should().Match(reason);
    }

    private static Task<TestApp> StartAsync<THandler>(Action<WebApplicationBuilder>? configure = null)
        where THandler : class, IWebhookHandler<ResponseWebhookEvent>
        => TestApp.StartAsync(
            builder =>
            {
                configure?.Invoke(builder);
                builder.Services.AddOpenAIWebhooks().AddHandler<ResponseWebhookEvent, THandler>();
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

    [Fact]
    public async Task Types_beyond_two_hundred_share_one_warning()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, Nothing>(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        for (int i = 0; i < 205; i++)
        {
            await app.SendAsync(
                TestApp.Sign(TestApp.Payload.Replace("response.completed", $"made.up.{i}", StringComparison.Ordinal)));
        }

        await app.SendAsync(
            TestApp.Sign(TestApp.Payload.Replace("response.completed", "made.up.0", StringComparison.Ordinal)));

        app.Log.Count(
            entry => entry.Message.StartsWith("No handler is registered for made.up.", StringComparison.Ordinal))
            .Should().Be(201);
    }

    private static async Task HandleAsync(
        TestApp app, bool isDispatched, HttpStatusCode status = HttpStatusCode.OK, Type? exception = null)
    {
        if (!isDispatched)
        {
            (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(status);
            return;
        }

        Exception? thrown = null;
        try
        {
            await app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(
                new WebhookMessage("wh_1", default, System.Text.Encoding.UTF8.GetBytes(TestApp.Payload)));
        }
        catch (Exception caught)
        {
            thrown = caught;
        }

        thrown?.GetType().Should().Be(exception);
    }

    private sealed class Queue : IWebhookInbox
    {
        public ConcurrentQueue<WebhookMessage> Messages { get; } = new();

        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            Messages.Enqueue(message);
            return Task.CompletedTask;
        }
    }

    private sealed class Logging(ILoggerFactory loggers) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            loggers.CreateLogger("handler").LogInformation("at work");
            return Task.CompletedTask;
        }
    }

    private sealed class GivingUp : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
            => throw new PermanentWebhookFailureException("The response is gone.");
    }

    private sealed class Failing : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
            => throw new InvalidOperationException("on purpose");
    }
}
