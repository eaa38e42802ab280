using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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

    [Theory]
    [InlineData("wh_once")]
    [InlineData("wh_unschedule")]
    public async Task A_delivery_that_fails_once_is_tried_again_whatever_its_handler_throws(string id)
    {
        await using var app = await StartAsync();

        await SendAsync(app, id);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains(id));
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_delivery_that_fails_for_good_is_dead_and_can_be_run_again()
    {
        using var log = new Log();
        await using var app = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log));
        await SendAsync(app, "wh_never");
        await Eventually(async () => (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Count == 1);
        var dead = new JobKey("wh_never", WebhookJob.DeadGroup);
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        (await scheduler.GetJobDetail(dead))!.Description.Should().Be("Failed for good. TriggerJob runs it again.");

        (await SendAsync(app, "wh_never")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().Equal(["wh_never"], "a copy of a dead delivery does not rise again");

        await scheduler.TriggerJob(dead);
        await Eventually(() => Task.FromResult(log.Lines.Count == 2));
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().Equal(["wh_never"], "it failed again");
        log.Lines.Should().AllBe(
            "Error: The webhook wh_never has failed for good. It is kept as a job of the group openai-webhooks-dead; the scheduler's TriggerJob runs it again. on purpose");

        Program.Handler.Relents = true;
        await scheduler.TriggerJob(dead);
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

    [Theory]
    [InlineData(150, "xxx*xxx")]
    [InlineData(151, "sha256:8eb827e6964db1e28caafb07b408d441efc804c8da30e3bad83a70dd3566a88b")]
    public async Task An_id_longer_than_a_jobs_name_can_be_is_stored_once_as_well(int length, string name)
    {
        await using var app = await StartAsync();
        string id = new('x', length);

        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1);
        (await Sqlite.EffectsAsync()).Should().Equal(id);
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().ContainSingle().Which.Should().Match(name).And.Subject.Length.Should().BeLessThanOrEqualTo(150);
    }

    [Fact]
    public async Task Deliveries_of_a_name_are_stored_in_groups_of_its_own_and_handled_by_its_handlers()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(
            services => services.AddSingleton(handled)
                .AddOpenAIWebhooks("staging", options => options.Secrets.Add(Program.Secret)).AddHandler<WebhookEvent, Slow>().AddQuartzInbox<Program.FastJob>(),
            app => app.MapOpenAIWebhooks("/staging", "staging"));

        (await SendAsync(app, "wh_1", path: "/staging")).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, "wh_poison", "{}", "/staging")).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => handled.Count == 1 && (await Sqlite.JobsAsync(WebhookJob.DeadGroup + ".staging")).Count == 1);
        handled.Single().WebhookId.Should().Be("wh_1");
        handled.Single().Timestamp.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        (await Sqlite.JobsAsync(WebhookJob.Group + ".staging")).Should().BeEquivalentTo("wh_1", "wh_poison");
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup + ".staging")).Should().Equal("wh_poison");
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().BeEmpty();
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
        await SendAsync(app, "wh_poison", "{}");
        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1 && await Sqlite.PendingAsync() == 0);
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        var housekeeping = (await scheduler.QueryJobs(new JobQuery { Group = GroupMatcher<JobKey>.GroupEquals("openai-webhooks-housekeeping") })).Items.Single();
        housekeeping.Description.Should().Be("Forgets OpenAI webhooks that were handled 4 days ago.");
        DateTimeOffset.ParseExact((await scheduler.GetJobDetail(new JobKey("wh_done", WebhookJob.Group)))!.Description!, "O", CultureInfo.InvariantCulture)
            .Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10), "it is by its description that it will be forgotten");

        var trigger = (ISimpleTrigger)(await scheduler.GetTriggersOfJob(housekeeping.Key)).Single();
        (trigger.RepeatInterval, trigger.RepeatCount).Should().Be((TimeSpan.FromDays(1), -1), "it forgets every day, for ever");

        // By their descriptions. Those that wait are more than a query gives in a page, which is 250.
        string[] waiting = [.. Enumerable.Range(0, 300).Select(i => $"wh_waiting_{i}")];
        foreach (string name in waiting)
        {
            await scheduler.ScheduleJob(Job(name, WebhookJob.Group, hoursAgo: 120), TriggerBuilder.Create().StartAt(DateTimeOffset.UtcNow.AddDays(1)).Build());
        }

        await scheduler.AddJob(Job("wh_old", WebhookJob.Group, hoursAgo: 97), default);
        await scheduler.AddJob(Job("wh_old", WebhookJob.Group + ".staging", hoursAgo: 97), default);
        await scheduler.AddJob(Job("wh_young", WebhookJob.Group, hoursAgo: 95), default);
        await scheduler.AddJob(Job("somebody else's", "another", hoursAgo: 97), default);

        await scheduler.TriggerJob(housekeeping.Key);
        await Eventually(async () => !(await Sqlite.JobsAsync(WebhookJob.Group)).Contains("wh_old"));
        (await Sqlite.JobsAsync(WebhookJob.Group)).Should().BeEquivalentTo(waiting.Concat(["wh_done", "wh_poison", "wh_young"]));
        (await Sqlite.JobsAsync(WebhookJob.Group + ".staging")).Should().BeEmpty();
        (await Sqlite.JobsAsync("another")).Should().Equal("somebody else's");
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().Equal(["wh_poison"], "the dead stay until somebody comes for them");

        static IJobDetail Job(string name, string group, int hoursAgo) => JobBuilder.Create<Program.FastJob>()
            .WithIdentity(name, group)
            .WithDescription(DateTimeOffset.UtcNow.AddHours(-hoursAgo).ToString("O", CultureInfo.InvariantCulture))
            .StoreDurably()
            .Build();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_interrupted_cancels_its_handlers_and_is_tried_again(bool isOnStandby)
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(services => services.AddSingleton(handled).AddOpenAIWebhooks().AddHandler<WebhookEvent, Patient>());
        await SendAsync(app, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        if (isOnStandby)
        {
            await scheduler.Standby();
        }

        await scheduler.Interrupt(new JobKey("wh_1", WebhookJob.Group));
        await Eventually(async () => (await scheduler.QueryFireInstances(new FireInstanceQuery())).Items.Count == 0);
        await scheduler.Start();

        await Eventually(async () => handled.Count == 2 && await Sqlite.PendingAsync() == 0);
    }

    [Fact]
    public async Task A_run_that_a_shutdown_interrupts_has_not_failed_even_if_it_is_the_last()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        Action<IServiceCollection> configure = services => services
            .AddSingleton(handled)
            .ConfigureAll<QuartzSchedulerOptions>(scheduler => scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always)
            .AddOpenAIWebhooks().AddHandler<WebhookEvent, PatientAtLast>();
        await using (var app = await StartAsync(configure))
        {
            await SendAsync(app, "wh_1");
            await Eventually(() => Task.FromResult(handled.Count == 3));
            await app.StopAsync();
        }

        await using var again = await StartAsync(configure);

        await Eventually(async () => handled.Count == 4 && await Sqlite.PendingAsync() == 0);
        (await Sqlite.JobsAsync(WebhookJob.DeadGroup)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_graceful_stop_loses_and_repeats_nothing()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
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

        handled.Select(delivery => delivery.WebhookId).Should().OnlyHaveUniqueItems().And.HaveCount(30);
    }

    [Theory]
    [InlineData("no Quartz", "*AddQuartz*")]
    [InlineData("no hosted service", "*AddQuartzHostedService()*AutoStart = false*")]
    [InlineData("in memory", "*in memory*UsePersistentStore*")]
    public async Task Start_where_deliveries_would_not_be_safe_names_the_line_that_is_missing(string what, string message)
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
    public void What_deliveries_need_of_Quartz_is_set_whatever_the_application_sets()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks().AddQuartzInbox();
        services.ConfigureAll<AdoJobStoreOptions>(store =>
        {
            store.LockOnInsert = false;
            store.StoreJobDataAsStrings = false;
            store.RecoverFiringsCancelledByShutdown = false;
            store.SchemaProvisioning = SchemaProvisioning.None;
        });
        services.ConfigureAll<QuartzHostedServiceOptions>(quartz => quartz.WaitForJobsToComplete = false);
        using var provider = services.BuildServiceProvider();

        provider.GetRequiredService<IOptionsMonitor<AdoJobStoreOptions>>().Get("any scheduler").Should().BeEquivalentTo(
            new { LockOnInsert = true, StoreJobDataAsStrings = true, RecoverFiringsCancelledByShutdown = true, SchemaProvisioning = SchemaProvisioning.CreateIfMissing });
        provider.GetRequiredService<IOptionsMonitor<QuartzHostedServiceOptions>>().CurrentValue.WaitForJobsToComplete.Should().BeTrue();
    }

    [Fact]
    public async Task Null_arguments_are_the_callers_error()
    {
        FluentActions.Invoking(() => ((OpenAIWebhooksBuilder)null!).AddQuartzInbox()).Should().Throw<ArgumentNullException>().WithParameterName("webhooks");
        await FluentActions.Awaiting(async () => await new WebhookJob(null!, null!).Execute(null!, default)).Should().ThrowAsync<ArgumentNullException>().WithParameterName("context");
    }

    [Fact]
    public void The_public_API_is_the_listed_one() => Webhooks.Tests.PublicApi.ShouldBeTheListedOne(typeof(WebhookJob).Assembly);

    private async Task<WebApplication> StartAsync(Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null)
    {
        await Sqlite.PrepareAsync();
        var app = Program.Build("both", Sqlite, port: 0, configure);
        map?.Invoke(app);
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpStatusCode> SendAsync(WebApplication app, string id, string payload = Payload, string path = Program.Path)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(payload, id).ToRequest(app.Urls.Single() + path);
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

    /// <summary>What the package itself logs.</summary>
    private sealed class Log : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName)
            => categoryName.StartsWith("OpenAI.Webhooks.Quartz", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception?.Message}");

        public void Dispose()
        {
        }
    }

    private sealed class Slow(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            handled.Enqueue(delivery);
        }
    }

    /// <summary>Fails twice, waits the third time until it is cancelled, and is content the fourth.</summary>
    private sealed class PatientAtLast(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
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
        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Enqueue(delivery);
            return handled.Count == 1 ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask;
        }
    }
}
