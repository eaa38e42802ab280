using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Hosting;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class StoppingTests : QuartzTests
{
    [Fact]
    public async Task A_second_run_of_a_delivery_that_still_runs_here_ends_with_the_result_of_the_first()
    {
        // As when another node took this one for dead while it was frozen, and gave the delivery back to it.
        var handled = new ConcurrentQueue<WebhookDelivery>();
        var release = new TaskCompletionSource();
        await using var app = await StartAsync(services => services.AddSingleton(handled).AddSingleton(release)
            .AddOpenAIWebhooks().AddHandler<WebhookEvent, Held>());
        await SendAsync(app, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        await Scheduler(app).TriggerJob(Key("wh_1"));
        await Eventually(
            async () => (await Scheduler(app).QueryFireInstances(new FireInstanceQuery())).Items.Count == 2);
        release.SetResult();

        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        handled.Should().ContainSingle();
        (await Sqlite.StoredAsync()).Should().Equal("wh_1");
        (await Scheduler(app).GetJobDetail(Key("wh_1")))!.JobDataMap.Should().BeEmpty();
    }

    private sealed class Held(ConcurrentQueue<WebhookDelivery> handled, TaskCompletionSource release)
        : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Enqueue(delivery);
            return release.Task.WaitAsync(cancellationToken);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_interrupted_cancels_its_handlers_and_is_retried(bool isOnStandby)
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(
            services => services.AddSingleton(handled).AddOpenAIWebhooks().AddHandler<WebhookEvent, Patient>());
        await SendAsync(app, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        if (isOnStandby)
        {
            await Scheduler(app).Standby();
        }

        await Scheduler(app).Interrupt(Key("wh_1"));
        await Eventually(
            async () => (await Scheduler(app).QueryFireInstances(new FireInstanceQuery())).Items.Count == 0);
        await Scheduler(app).Start();

        await Eventually(async () => handled.Count == 2 && await Sqlite.PendingAsync() == 0);
    }

    [Fact]
    public async Task A_run_that_the_shutdown_deadline_interrupts_has_not_failed_even_if_it_is_the_last()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        Action<IServiceCollection> configure = services => services
            .AddSingleton(handled)
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1))
            .AddOpenAIWebhooks().AddHandler<WebhookEvent, PatientAtLast>();
        await using (var app = await StartAsync(configure))
        {
            await SendAsync(app, "wh_1");
            await Eventually(() => Task.FromResult(handled.Count == 3));
            await app.StopAsync();
        }

        await using var again = await StartAsync(configure);

        await Eventually(async () => handled.Count == 4 && await Sqlite.PendingAsync() == 0);
        (await Sqlite.DeadAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_graceful_stop_lets_handlers_finish_and_loses_and_repeats_nothing()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        Action<IServiceCollection> slowly = services => services.AddSingleton(handled).AddOpenAIWebhooks()
            .AddHandler<WebhookEvent, Slow>();
        await using (var app = await StartAsync(slowly))
        {
            for (int i = 0; i < 30; i++)
            {
                (await SendAsync(app, $"wh_{i}")).Should().Be(HttpStatusCode.OK);
            }

            await app.StopAsync();
        }

        await using var again = await StartAsync(slowly);
        await Eventually(async () => await Sqlite.PendingAsync() == 0);

        handled.Select(delivery => delivery.WebhookId).Should().OnlyHaveUniqueItems().And.HaveCount(30);
    }

    /// <summary>Fails twice, waits the third time until it is cancelled, and is content the fourth.</summary>
    private sealed class PatientAtLast(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Enqueue(delivery);
            return handled.Count switch
            {
                < 3 => Task.FromException(new InvalidOperationException("on purpose")),
                3 => Task.Delay(Timeout.Infinite, cancellationToken),
                _ => Task.CompletedTask,
            };
        }
    }

    /// <summary>Waits the first time until it is cancelled, and not the next.</summary>
    private sealed class Patient(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Enqueue(delivery);
            return handled.Count == 1 ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask;
        }
    }
}
