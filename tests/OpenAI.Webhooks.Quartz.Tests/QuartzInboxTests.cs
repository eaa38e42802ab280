using System.Net;
using Microsoft.Extensions.Hosting;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class QuartzInboxTests : IDisposable
{
    private const string Payload = """{"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private Database Sqlite => new("sqlite", $"Data Source={Path.Combine(_folder, "webhooks.db")};Default Timeout=30");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_delivery_is_stored_answered_and_handled_once_and_its_id_remembered()
    {
        await using var app = await StartAsync();

        foreach (int _ in Enumerable.Range(0, 3))
        {
            (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        }

        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK, "a copy after the fact is a success too");

        (await Sqlite.PendingAsync()).Should().Be(0, "and stores nothing");
        (await Sqlite.EffectsAsync()).Should().Equal("wh_1");
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().Equal("wh_1");
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_delivery_that_fails_once_is_tried_again()
    {
        await using var app = await StartAsync();

        await SendAsync(app, "wh_once");

        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_once"));
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_delivery_that_fails_for_good_is_dead_and_can_be_run_again()
    {
        await using var app = await StartAsync();
        await SendAsync(app, "wh_never");
        await Eventually(async () => (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Count == 1);

        (await SendAsync(app, "wh_never")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().Equal(["wh_never"], "a copy of a dead delivery does not rise again");

        Program.Handler.Relents = true;
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        await scheduler.TriggerJob(new JobKey("wh_never", WebhookJob.DeadGroup));
        await Eventually(async () => (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Count == 0);
        Program.Handler.Relents = false;

        (await Sqlite.EffectsAsync()).Should().Equal("wh_never");
    }

    [Fact]
    public async Task An_authentic_payload_that_is_no_event_is_dead_at_once()
    {
        await using var app = await StartAsync();

        (await SendAsync(app, "wh_poison", "{}")).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Contains("wh_poison") && await Sqlite.PendingAsync() == 0);
    }

    [Fact]
    public async Task An_id_longer_than_a_jobs_name_can_be_is_stored_once_as_well()
    {
        await using var app = await StartAsync();
        string id = new('x', 1000);

        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1);
        (await Sqlite.EffectsAsync()).Should().Equal(id);
    }

    [Fact]
    public async Task A_store_that_is_away_is_answered_503_and_the_next_attempt_is_stored()
    {
        await using var app = await StartAsync();
        string file = Path.Combine(_folder, "webhooks.db");
        await using (var blocker = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file}"))
        {
            await blocker.OpenAsync();
            await using var command = blocker.CreateCommand();
            command.CommandText = "ALTER TABLE qrtz_job_details RENAME TO away";
            await command.ExecuteNonQueryAsync();

            (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.ServiceUnavailable);

            command.CommandText = "ALTER TABLE away RENAME TO qrtz_job_details";
            await command.ExecuteNonQueryAsync();
        }

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task What_was_handled_four_days_ago_is_forgotten_and_what_waits_is_not()
    {
        await using var app = await StartAsync();
        await SendAsync(app, "wh_done");
        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1 && await Sqlite.PendingAsync() == 0);
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        var forget = (await scheduler.QueryJobs(new JobQuery { Group = GroupMatcher<JobKey>.GroupEquals("openai-webhooks-housekeeping") })).Items.Single().Key;

        await scheduler.TriggerJob(forget);
        await Task.Delay(TimeSpan.FromSeconds(2));
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().Equal("wh_done");

        // Stored, by its description, five days ago: one that is done, and one that still has a trigger.
        foreach (bool isDone in new[] { true, false })
        {
            var job = JobBuilder.Create<Program.FastJob>().WithIdentity(isDone ? "wh_old" : "wh_waiting", WebhookJob.Group)
                .WithDescription(DateTimeOffset.UtcNow.AddDays(-5).ToString("O", System.Globalization.CultureInfo.InvariantCulture)).StoreDurably().Build();
            await scheduler.AddJob(job, default);
            if (!isDone)
            {
                await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(job).StartAt(DateTimeOffset.UtcNow.AddDays(1)).Build());
            }
        }

        await scheduler.TriggerJob(forget);
        await Eventually(async () => !(await Sqlite.JobsAsync(WebhookJob.Group)).Contains("wh_old"));
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().BeEquivalentTo("wh_done", "wh_waiting");
    }

    [Fact]
    public async Task A_graceful_stop_loses_and_repeats_nothing()
    {
        var handled = new System.Collections.Concurrent.ConcurrentQueue<string>();
        Action<IServiceCollection> slowly = services => services.AddSingleton(handled).AddOpenAIWebhooks().AddHandler<WebhookEvent, Slow>();
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

        handled.Should().OnlyHaveUniqueItems().And.HaveCount(30);
    }

    [Theory]
    [InlineData("no Quartz", "*AddQuartz*")]
    [InlineData("no hosted service", "*AddQuartzHostedService()*AutoStart = false*")]
    [InlineData("in memory", "*in memory*UsePersistentStore*")]
    public async Task Start_WhereDeliveriesWouldNotBeSafe_NamesTheLineThatIsMissing(string what, string message)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Program.Secret)).AddHandler<WebhookEvent, Slow>().AddQuartzInbox();
        if (what != "no Quartz")
        {
            builder.Services.AddQuartz(quartz => quartz.UseInMemoryStore());
        }

        if (what != "no hosted service")
        {
            builder.Services.AddQuartzHostedService();
        }

        using var host = builder.Build();

        await FluentActions.Awaiting(() => host.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage(message);
    }

    [Fact]
    public void The_public_API_is_the_listed_one() => Webhooks.Tests.PublicApi.ShouldBeTheListedOne(typeof(WebhookJob).Assembly);

    private async Task<WebApplication> StartAsync(Action<IServiceCollection>? configure = null)
    {
        await Sqlite.PrepareAsync();
        var app = Program.Build("both", Sqlite, port: 0, configure);
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpStatusCode> SendAsync(WebApplication app, string id, string payload = Payload)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(payload, id).ToRequest(app.Urls.Single() + Program.Path);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 300 && !await condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        (await condition()).Should().BeTrue();
    }

    private sealed class Slow(System.Collections.Concurrent.ConcurrentQueue<string> handled) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            handled.Enqueue(delivery.WebhookId);
        }
    }
}
