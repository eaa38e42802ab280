using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.AspNetCore.Tests;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class RetryTests : QuartzTests
{
    [Theory]
    [InlineData(1, 60)]
    [InlineData(2, 300)]
    public async Task A_failed_delivery_is_retried_after_the_delay_of_its_attempt(int attempt, int seconds)
    {
        await using var app = await StartAsync(retryDelays: [TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(300)]);
        await SendAsync(app, "wh_never");
        for (int i = 1; i < attempt; i++)
        {
            await Eventually(async () => await NextAsync(app, "wh_never") is not null);
            await Sqlite.ExecuteAsync(
                "UPDATE qrtz_triggers SET next_fire_time = 1 WHERE trigger_group = 'openai-webhooks'");
            await Eventually(
                async () => (await Scheduler(app).GetJobDetail(Key("wh_never")))!.JobDataMap["attempts"] is "2");
        }

        await Eventually(async () => await NextAsync(app, "wh_never") is not null);

        var job = (await Scheduler(app).GetJobDetail(Key("wh_never")))!.JobDataMap;
        var failedAt = DateTimeOffset.Parse(
            (string)job["failed_at"]!, System.Globalization.CultureInfo.InvariantCulture);
        (await NextAsync(app, "wh_never"))!.Value
            .Should().BeCloseTo(failedAt + TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(20));
    }

    private static async Task<DateTimeOffset?> NextAsync(WebApplication app, string id)
        => (await Scheduler(app).QueryTriggers(new TriggerQuery { Job = Key(id) })).Items
            .SingleOrDefault(
                trigger => trigger.Key.Group == "openai-webhooks"
                    && trigger.State == TriggerState.Normal)?.NextFireTimeUtc is { } next
            && next > DateTimeOffset.UtcNow.AddSeconds(10)
                ? next
                : null;

    [Theory]
    [InlineData("wh_once")]
    [InlineData("wh_unschedule")]
    public async Task A_delivery_that_fails_once_is_retried_whatever_its_handler_throws(string id)
    {
        await using var app = await StartAsync();

        await SendAsync(app, id);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains(id) && await Sqlite.PendingAsync() == 0);
        (await Sqlite.DeadAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("wh_poison", "{}", "OpenAI.Webhooks.UnreadableWebhookException")]
    [InlineData("wh_gone", Payload, "OpenAI.Webhooks.AspNetCore.PermanentWebhookFailureException")]
    public async Task What_no_retry_mends_is_dead_at_once(string id, string payload, string exception)
    {
        await using var app = await StartAsync();

        (await SendAsync(app, id, payload)).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.DeadAsync()).Contains(id));
        (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Should().ContainSingle()
            .Which.Should().Match<WebhookDeadLetter>(dead => dead.Attempts == 1 && dead.ExceptionType == exception);
    }

    [Fact]
    public async Task A_process_without_the_handler_leaves_the_delivery_to_one_that_has_it_and_uses_no_attempt_up()
    {
        using var log = new Log();
        Action<IServiceCollection> withoutHandler = services => services.AddSingleton<ILoggerProvider>(log)
            .AddOpenAIWebhooks().ClearHandlers().AddHandler<BatchWebhookEvent, Nothing>();
        await using (var old = await StartAsync(withoutHandler, retryDelays: [TimeSpan.FromHours(1)]))
        {
            (await SendAsync(old, "wh_1")).Should().Be(HttpStatusCode.OK);
            await Eventually(
                () => Task.FromResult(
                    log.Lines.Count(line => line.StartsWith("Warning", StringComparison.Ordinal)) == 3));
            (await Scheduler(old).GetJobDetail(Key("wh_1")))!.JobDataMap.Should().NotContainKey("attempts");
            await old.StopAsync();
        }

        log.Lines.Should().Contain("Warning: The webhook wh_1 is left to another process. This process has no handler "
            + "for response.completed. It is offered again in 00:00:01. ");
        await using var current = await StartAsync();
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task A_delivery_that_no_process_takes_for_as_long_as_all_retries_last_is_dead_and_says_why()
    {
        await using var app = await StartAsync(
            services => services.AddOpenAIWebhooks().ClearHandlers().AddHandler<BatchWebhookEvent, Nothing>());

        await SendAsync(app, "wh_1");

        await Eventually(async () => (await Sqlite.DeadAsync()).Contains("wh_1"));
        var dead = (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Should().ContainSingle()
            .Which;
        dead.ExceptionMessage.Should().Match(
            "No process took the webhook for 00:00:0*. This process has no handler for response.completed.");
        dead.Attempts.Should().Be(0);
    }

    [Fact]
    public async Task A_delivery_that_a_newer_version_stored_is_left_to_it()
    {
        await using var app = await StartAsync(role: "receiver", retryDelays: [TimeSpan.FromHours(1)]);
        await SendAsync(app, "wh_1");
        var job = (await Scheduler(app).GetJobDetail(Key("wh_1")))!;
        job.JobDataMap["version"] = "2";
        await Scheduler(app).AddJob(job, AddJobOptions.Replacing);

        using var log = new Log();
        await using var worker = await StartAsync(
            services => services.AddSingleton<ILoggerProvider>(log), retryDelays: [TimeSpan.FromHours(1)]);

        await Eventually(
            () => Task.FromResult(
                log.Lines.Any(line => line.Contains("A newer version of OpenAI.Webhooks.Quartz stored it."))));
        (await Sqlite.EffectsAsync()).Should().BeEmpty();
        (await Sqlite.PendingAsync()).Should().Be(1);
    }

    [Fact]
    public async Task An_incoming_call_does_not_wait_behind_slow_handlers()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(
            services => services.AddSingleton(handled).AddOpenAIWebhooks().ClearHandlers().AddHandler<WebhookEvent,
            SlowUnlessACall>());
        for (int i = 0; i < 30; i++)
        {
            await SendAsync(app, $"wh_slow_{i}");
        }

        await SendAsync(app, "wh_call",
            """
            {"id":"evt_1","created_at":1,"type":"realtime.call.incoming","data":{"call_id":"rtc_1","sip_headers":[]}}
            """);

        await Eventually(() => Task.FromResult(!handled.IsEmpty));
        handled.First().WebhookId.Should().Be("wh_call", "the others take ten seconds each");
        await app.StopAsync(new CancellationToken(canceled: true));
    }

    private sealed class SlowUnlessACall(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            if (webhookEvent is not RealtimeCallIncomingWebhookEvent)
            {
                await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            }

            handled.Enqueue(delivery);
        }
    }
}
