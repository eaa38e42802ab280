using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore.Tests;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class DeadLetterTests : QuartzTests
{
    [Fact]
    public async Task Dead_letters_are_listed_completely_and_once_while_others_come_and_go()
    {
        await using var app = await StartAsync();
        var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();
        string[] ids = [.. Enumerable.Range(0, 60).Select(i => $"wh_{i}_gone")];
        await Parallel.ForEachAsync(ids, async (id, _) => await SendAsync(app, id));
        await Eventually(async () => (await Sqlite.DeadAsync()).Count == ids.Length);

        using var done = new CancellationTokenSource();
        var churning = Task.Run(async () =>
        {
            for (int i = 0; !done.IsCancellationRequested; i++)
            {
                await SendAsync(app, $"aa_{i}");
                await SendAsync(app, $"aa_{i}_gone");
                await deadLetters.DeleteAsync($"aa_{i}_gone");
            }
        });
        for (int i = 0; i < 5; i++)
        {
            (await ListAsync(deadLetters)).Select(dead => dead.Key).Where(ids.Contains).Should().BeEquivalentTo(ids);
        }

        await done.CancelAsync();
        await churning;
    }

    [Fact]
    public async Task A_dead_letter_says_why_it_died_and_can_be_replayed_with_all_its_attempts()
    {
        using var log = new Log();
        using var metrics = new Metrics();
        await using var app = await StartAsync(
            services =>
                services.AddSingleton<ILoggerProvider>(log).AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(
                    metrics));
        var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();
        await SendAsync(app, "wh_never");
        await Eventually(async () => (await Sqlite.DeadAsync()).Count == 1);

        var dead = (await ListAsync(deadLetters)).Should().ContainSingle().Subject;
        dead.Should().BeEquivalentTo(new
        {
            Key = "wh_never",
            WebhookId = "wh_never",
            EventType = "response.completed",
            EventId = "evt_1",
            Attempts = 3,
            ExceptionType = "System.InvalidOperationException",
            ExceptionMessage = "on purpose",
        });
        dead.FailedAt.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        dead.ReceivedAt.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        log.Lines.Where(line => line.Contains("dead letter")).Should().Equal(
            "Error: The webhook wh_never (response.completed) is a dead letter (failed attempts: 3). It is not retried "
            + "until somebody replays it. ");
        log.Lines.Count(line => line.Contains("A handler failed")).Should().Be(3);
        metrics.Of("openai.webhook.deliveries")
            .Should().EndWith("1 openai.webhook.event.type=response.completed openai.webhook.outcome=dead");

        (await deadLetters.ReplayAsync("wh_never")).Should().BeTrue();
        log.Lines.Should().Contain("Information: The dead letter wh_never is replayed. ");
        metrics.Of("openai.webhook.inbox.replayed").Should().Equal("1 openai.webhook.inbox=openai-webhooks");
        await Eventually(async () => (await ListAsync(deadLetters)).Any(again => again.Attempts == 6));

        app.Services.GetRequiredService<Program.Relenting>().Now = true;
        (await deadLetters.ReplayAsync("wh_never")).Should().BeTrue();
        await Eventually(
            async () => (await Sqlite.EffectsAsync()).Contains("wh_never") && await Sqlite.PendingAsync() == 0);

        (await ListAsync(deadLetters)).Should().BeEmpty();
        (await deadLetters.ReplayAsync("wh_never")).Should().BeFalse("it is handled");
        (await deadLetters.DeleteAsync("wh_other")).Should().BeFalse();
    }

    [Fact]
    public async Task A_copy_of_a_dead_letter_revives_it()
    {
        await using var app = await StartAsync();
        await SendAsync(app, "wh_poison", "{}");
        await Eventually(async () => (await Sqlite.DeadAsync()).Count == 1);

        (await SendAsync(app, "wh_poison", "{}")).Should().Be(HttpStatusCode.OK);

        await Eventually(
            async ()
                => (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Any(
                    dead => dead.Attempts == 2));
    }

    [Fact]
    public async Task Dead_letters_are_replayed_and_deleted_by_a_condition_and_counted_by_gauges_and_health()
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync(services =>
        {
            services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox();
        });
        var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();
        string[] ids = [.. Enumerable.Range(0, 300).Select(i => $"wh_{i}_{(i % 3 == 0 ? "gone" : "poison")}")];
        await Parallel.ForEachAsync(
            ids,
            async (id, _) => await SendAsync(app, id, id.EndsWith("gone", StringComparison.Ordinal) ? Payload : "{}"));
        await Eventually(async () => (await Sqlite.DeadAsync()).Count == 300);

        (await ListAsync(deadLetters)).Select(dead => dead.WebhookId).Should().BeEquivalentTo(ids);
        await Eventually(() =>
        {
            metrics.Collect();
            return Task.FromResult(
                metrics.Of("openai.webhook.inbox.dead").LastOrDefault() == "300 openai.webhook.inbox=openai-webhooks");
        });
        metrics.Of("openai.webhook.inbox.waiting").Should().EndWith("0 openai.webhook.inbox=openai-webhooks");
        metrics.Of("openai.webhook.inbox.oldest").Should().EndWith("0 openai.webhook.inbox=openai-webhooks");
        var health = (
            await app.Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync()).Entries["openai-webhooks-inbox"];
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Be(
            "Dead letters: 300. Use WebhookDeadLetters to see why they failed and to replay them.");
        health.Data.Should().Contain("dead", 300).And.Contain("waiting", 0).And.Contain("oldest_due_seconds", 0d);

        (await deadLetters.DeleteAllAsync(dead => dead.EventType is null)).Should().Be(200);
        (await ListAsync(deadLetters)).Should().HaveCount(100).And.OnlyContain(dead => dead.WebhookId.EndsWith("gone"));
        (await deadLetters.ReplayAllAsync(dead =>
            dead.ExceptionType.EndsWith("PermanentWebhookFailureException", StringComparison.Ordinal)))
            .Should().Be(100);
        await Eventually(async () => (await ListAsync(deadLetters)).Count(dead => dead.Attempts == 2) == 100);
        (await deadLetters.DeleteAsync("wh_0_gone")).Should().BeTrue();
        metrics.Of("openai.webhook.inbox.deleted").Should().HaveCount(201);
        (await Sqlite.StoredAsync()).Should().HaveCount(99);
    }
}
