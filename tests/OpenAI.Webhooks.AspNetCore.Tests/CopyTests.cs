using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>
/// Several attempts at one delivery, senders that leave, and a host that stops: over real connections.
/// </summary>
public class CopyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copies_that_arrive_meanwhile_wait_and_are_answered_alike(bool succeeds)
    {
        int runs = 0;
        var release = new TaskCompletionSource();
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            },
            async (_, _) =>
            {
                Interlocked.Increment(ref runs);
                await release.Task;
                if (!succeeds)
                {
                    throw new InvalidOperationException("on purpose");
                }
            });

        var answers = Enumerable.Range(0, 50).Select(_ => app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).ToArray();
        await TestApp.Eventually(() => app.Log.Count(entry => entry.Message.Contains("is being handled")) == 49);
        answers.Should().NotContain(answer => answer.IsCompleted);
        release.SetResult();

        (await Task.WhenAll(answers))
            .Should().OnlyContain(
                answer => answer.StatusCode == (succeeds ? HttpStatusCode.OK : HttpStatusCode.InternalServerError));
        runs.Should().Be(1);
        metrics.Of("openai.webhook.deliveries").Count(
            delivery => delivery.EndsWith("outcome=duplicate", StringComparison.Ordinal))
            .Should().Be(49);
    }

    [Fact]
    public async Task Other_deliveries_and_other_endpoints_do_not_wait()
    {
        var release = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app =>
            {
                app.MapOpenAIWebhooks(
                    TestApp.Path, (delivery, _) => delivery.WebhookId == "wh_slow" ? release.Task : Task.CompletedTask);
                app.MapOpenAIWebhooks("/other", (_, _) => Task.CompletedTask);
            });

        var slow = app.SendAsync(TestApp.Sign(webhookId: "wh_slow"));
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_fast"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_slow"), "/other")).StatusCode.Should().Be(HttpStatusCode.OK);

        slow.IsCompleted.Should().BeFalse();
        release.SetResult();
        (await slow).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Ids_that_differ_by_case_are_of_different_deliveries()
    {
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(handler: (delivery, _) =>
        {
            entered.TrySetResult();
            return delivery.WebhookId == "wh_A" ? release.Task : Task.CompletedTask;
        });

        var slow = app.SendAsync(TestApp.Sign(webhookId: "wh_A"));
        await entered.Task;
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_a")).WaitAsync(TimeSpan.FromSeconds(30))).StatusCode
            .Should().Be(HttpStatusCode.OK);

        slow.IsCompleted.Should().BeFalse();
        release.SetResult();
        (await slow).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_copy_waits_no_longer_than_the_applications_own_timeout_allows()
    {
        var release = new TaskCompletionSource();
        await using var app = await TestApp.StartWithTimeoutAsync((_, _) => release.Task);

        var first = app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        var copy = app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        var earlier = await Task.WhenAny(first, copy).WaitAsync(TimeSpan.FromSeconds(30));

        (await earlier).StatusCode.Should().Be(HttpStatusCode.GatewayTimeout);
        release.SetResult();
        (await (earlier == first ? copy : first)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_a_failure_the_next_copy_is_handled_anew()
    {
        int runs = 0;
        await using var app = await TestApp.StartAsync(
            handler: (_, _) => ++runs == 1 ? throw new InvalidOperationException() : Task.CompletedTask);

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode
            .Should().Be(HttpStatusCode.InternalServerError);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sender_that_gives_up_and_comes_again_is_answered_from_the_one_run()
    {
        int runs = 0;
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddDeduplication(),
            async (_, token) =>
            {
                runs++;
                entered.TrySetResult();
                await release.Task.WaitAsync(token);
            });

        // Three attempts give up while the handler is at work; the fourth waits, and the fifth comes afterwards.
        for (int attempt = 0; attempt < 3; attempt++)
        {
            await app.SendAndLeaveAsync(TestApp.Sign(webhookId: "wh_1"), entered.Task);
        }

        var fourth = app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await TestApp.Eventually(() => app.Log.Any(entry => entry.Message.Contains("is being handled")));
        release.SetResult();

        (await fourth).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        runs.Should().Be(1);
        app.Log.Should().NotContain(entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_graceful_stop_lets_the_handler_finish_though_its_sender_has_left()
    {
        var (entered, finished) = (new TaskCompletionSource(), new TaskCompletionSource());
        CancellationToken seen = default;
        await using var app = await TestApp.StartAsync(handler: async (_, token) =>
        {
            seen = token;
            entered.SetResult();
            await Task.Delay(TimeSpan.FromSeconds(1), token);
            finished.SetResult();
        });
        await app.SendAndLeaveAsync(TestApp.Sign(), entered.Task);

        await app.StopAsync();

        finished.Task.IsCompletedSuccessfully.Should().BeTrue();
        seen.IsCancellationRequested.Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_whose_deadline_passes_cancels_the_handler(bool hasTimeouts)
    {
        var (entered, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddRequestTimeouts();
                builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
            },
            app =>
            {
                if (hasTimeouts)
                {
                    app.UseRequestTimeouts();
                }

                app.MapOpenAIWebhooks(TestApp.Path, async (_, token) =>
                {
                    using var registration = token.Register(cancelled.SetResult);
                    entered.SetResult();
                    await Task.Delay(Timeout.Infinite, token);
                }).WithRequestTimeout(TimeSpan.FromMinutes(1));
            });
        await app.SendAndLeaveAsync(TestApp.Sign(), entered.Task);

        await app.StopAsync();

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_deadline_that_passes_while_the_services_are_disposed_does_not_end_the_process()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks();
        var provider = services.BuildServiceProvider();
        using var deadline = new CancellationTokenSource();
        foreach (var service in provider.GetServices<IHostedService>().OfType<IHostedLifecycleService>())
        {
            await service.StoppingAsync(deadline.Token);
            await service.StopAsync(deadline.Token);
        }

        await provider.DisposeAsync();

        deadline.Invoking(source => source.Cancel()).Should().NotThrow();
    }

    [Fact]
    public async Task A_handler_that_throws_when_it_is_cancelled_does_not_keep_the_others_from_being_cancelled()
    {
        int cancelled = 0;
        var entered = new TaskCompletionSource[] { new(), new(), new() };
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
            },
            async (delivery, token) =>
            {
                int number = delivery.WebhookId[^1] - '0';
                using var counting = token.Register(() => Interlocked.Increment(ref cancelled));
                using var throwing = token.Register(() => throw new InvalidOperationException("on purpose"));
                entered[number].SetResult();
                await Task.Delay(Timeout.Infinite, token);
            });
        for (int i = 0; i < entered.Length; i++)
        {
            await app.SendAndLeaveAsync(TestApp.Sign(webhookId: $"wh_{i}"), entered[i].Task);
        }

        await app.StopAsync();

        await TestApp.Eventually(() => Volatile.Read(ref cancelled) == entered.Length);
    }

    [Fact]
    public async Task What_a_handler_throws_when_it_is_cancelled_does_not_reach_the_host()
    {
        var entered = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
            },
            async (_, token) =>
            {
                using var registration = token.Register(() => throw new InvalidOperationException("on purpose"));
                entered.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            });
        await app.SendAndLeaveAsync(TestApp.Sign(), entered.Task);

        await app.StopAsync();

        await TestApp.Eventually(() => app.Log.Any(entry => entry.Exception is AggregateException));
        app.Log.Single(entry => entry.Exception is AggregateException).Should().Match<TestApp.LogEntry>(entry =>
            entry.Level == LogLevel.Error
                && entry.Message == "A cancellation callback registered by a handler threw when the shutdown "
                    + "deadline passed.");
    }
}
