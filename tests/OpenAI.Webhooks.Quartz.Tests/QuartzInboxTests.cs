using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.AspNetCore.Tests;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class QuartzInboxTests : IDisposable
{
    private const string Payload = """{"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private Database Sqlite => new("sqlite", $"Data Source={Path.Combine(_folder, "webhooks.db")};Default Timeout=30");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_delivery_is_stored_handled_once_and_its_id_kept_without_its_payload()
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
        (await Sqlite.StoredAsync()).Should().Equal("wh_1");
        (await Scheduler(app).GetJobDetail(Key("wh_1")))!.JobDataMap.Should().BeEmpty();
    }

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

    [Fact]
    public async Task A_dead_letter_says_why_it_died_and_can_be_replayed_with_all_its_attempts()
    {
        using var log = new Log();
        using var metrics = new Metrics();
        await using var app = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log).AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics));
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
            "Error: The webhook wh_never (response.completed) is a dead letter (failed attempts: 3). It is not retried until somebody replays it. ");
        log.Lines.Count(line => line.Contains("A handler failed")).Should().Be(3);
        metrics.Of("openai.webhook.deliveries").Should().EndWith("1 openai.webhook.event.type=response.completed openai.webhook.outcome=dead");

        (await deadLetters.ReplayAsync("wh_never")).Should().BeTrue();
        await Eventually(async () => (await ListAsync(deadLetters)).Any(again => again.Attempts == 6));

        Program.Handler.Relents = true;
        (await deadLetters.ReplayAsync("wh_never")).Should().BeTrue();
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_never") && await Sqlite.PendingAsync() == 0);
        Program.Handler.Relents = false;

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

        await Eventually(async () => (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Any(dead => dead.Attempts == 2));
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
        await Parallel.ForEachAsync(ids, async (id, _) => await SendAsync(app, id, id.EndsWith("gone", StringComparison.Ordinal) ? Payload : "{}"));
        await Eventually(async () => (await Sqlite.DeadAsync()).Count == 300);

        (await ListAsync(deadLetters)).Select(dead => dead.WebhookId).Should().BeEquivalentTo(ids);
        metrics.Collect();
        metrics.Of("openai.webhook.inbox.dead").Should().Equal("300 openai.webhook.inbox=openai-webhooks");
        metrics.Of("openai.webhook.inbox.waiting").Should().Equal("0 openai.webhook.inbox=openai-webhooks");
        metrics.Of("openai.webhook.inbox.oldest").Should().Equal("0 openai.webhook.inbox=openai-webhooks");
        var health = (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["openai-webhooks-inbox"];
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Be("Dead letters: 300. Use WebhookDeadLetters to see why they failed and to replay them.");
        health.Data.Should().Contain("dead", 300).And.Contain("waiting", 0).And.Contain("oldest_due_seconds", 0d);

        (await deadLetters.DeleteAllAsync(dead => dead.EventType is null)).Should().Be(200);
        (await ListAsync(deadLetters)).Should().HaveCount(100).And.OnlyContain(dead => dead.WebhookId.EndsWith("gone"));
        (await deadLetters.ReplayAllAsync(dead => dead.ExceptionType.EndsWith("PermanentWebhookFailureException", StringComparison.Ordinal))).Should().Be(100);
        await Eventually(async () => (await ListAsync(deadLetters)).Count(dead => dead.Attempts == 2) == 100);
        (await deadLetters.DeleteAsync("wh_0_gone")).Should().BeTrue();
        (await Sqlite.StoredAsync()).Should().HaveCount(99);
    }

    [Theory]
    [InlineData(100, "xxx*xxx")]
    [InlineData(101, "sha256-*")]
    public async Task An_id_longer_than_a_key_can_be_is_stored_once_as_well(int length, string key)
    {
        await using var app = await StartAsync();
        string id = new('x', length);

        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1);
        (await Sqlite.EffectsAsync()).Should().Equal(id);
        (await Sqlite.StoredAsync()).Should().ContainSingle().Which.Should().Match(key);
    }

    [Fact]
    public async Task Deliveries_of_a_name_are_stored_in_a_scheduler_of_its_own_and_handled_by_its_handlers()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(
            services => services.AddSingleton(handled)
                .AddOpenAIWebhooks("staging", options => options.Secrets.Add(Program.Secret)).AddHandler<WebhookEvent, Slow>()
                .AddQuartzInbox(quartz => quartz.UsePersistentStore(Sqlite.Use)),
            app => app.MapOpenAIWebhooks("/staging", "staging"));

        (await SendAsync(app, "wh_1", path: "/staging")).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, "wh_poison", "{}", "/staging")).Should().Be(HttpStatusCode.OK);

        var deadLetters = app.Services.GetRequiredKeyedService<WebhookDeadLetters>("staging");
        await Eventually(async () => handled.Count == 1 && (await ListAsync(deadLetters)).Count == 1);
        handled.Single().WebhookId.Should().Be("wh_1");
        handled.Single().Timestamp.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        (await ListAsync(deadLetters)).Single().WebhookId.Should().Be("wh_poison");
        (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Should().BeEmpty();
    }

    [Fact]
    public async Task A_store_that_is_away_gives_503_and_an_unhealthy_check_and_the_next_attempt_is_stored()
    {
        await using var app = await StartAsync(services => services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        await Sqlite.ExecuteAsync("ALTER TABLE qrtz_job_details RENAME TO away");

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.ServiceUnavailable);
        var health = (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["openai-webhooks-inbox"];
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Be("The inbox cannot store deliveries. They get the response 503.");

        await Sqlite.ExecuteAsync("ALTER TABLE away RENAME TO qrtz_job_details");
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task A_store_that_is_frozen_gives_503_in_time_and_an_unhealthy_check_and_works_again_by_itself()
    {
        await using var app = await StartAsync(services => services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        await using (var blocker = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder, "webhooks.db")}"))
        {
            await blocker.OpenAsync();
            await using var command = blocker.CreateCommand();
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync();

            // Not an assertion on speed: the lock is held until there is a response.
            (await SendAsync(app, "wh_1").WaitAsync(TimeSpan.FromSeconds(25))).Should().Be(HttpStatusCode.ServiceUnavailable);
            var health = (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["openai-webhooks-inbox"];
            health.Status.Should().Be(HealthStatus.Unhealthy);
            health.Description.Should().Be("The database of the inbox did not answer within 3 seconds. Deliveries get the response 503.");
            command.CommandText = "ROLLBACK";
            await command.ExecuteNonQueryAsync();
        }

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task What_was_handled_is_forgotten_after_its_retention_and_what_waits_or_is_dead_is_not()
    {
        await using var app = await StartAsync(retention: TimeSpan.FromSeconds(3));
        await SendAsync(app, "wh_done");
        await SendAsync(app, "wh_poison", "{}");
        await SendAsync(app, "wh_never");
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_done"));

        await Eventually(async () => !(await Sqlite.StoredAsync()).Contains("wh_done") && (await Sqlite.DeadAsync()).Count == 2);
        var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();
        (await ListAsync(deadLetters)).Select(dead => dead.WebhookId).Should().BeEquivalentTo("wh_poison", "wh_never");

        Program.Handler.Relents = true;
        await deadLetters.ReplayAsync("wh_never");
        await Eventually(async () => (await Sqlite.StoredAsync()).SequenceEqual(["wh_poison"]));
        Program.Handler.Relents = false;
        (await Sqlite.EffectsAsync()).Should().BeEquivalentTo("wh_done", "wh_never");
    }

    [Fact]
    public async Task Remembered_ids_do_not_stand_in_the_way_of_deliveries_even_after_somebody_resumed_all_triggers()
    {
        await using var app = await StartAsync();
        var scheduler = Scheduler(app);
        async Task<bool> ArePausedAsync() => (await scheduler.QueryTriggers(new TriggerQuery())).Items.All(trigger => trigger.State == TriggerState.Paused);
        await SendAsync(app, "wh_1");
        await Eventually(async () => await Sqlite.PendingAsync() == 0 && await ArePausedAsync());

        await scheduler.ResumeAll();

        (await ArePausedAsync()).Should().BeFalse();
        await SendAsync(app, "wh_2");
        await Eventually(async () => await Sqlite.PendingAsync() == 0 && await ArePausedAsync());
        (await Sqlite.EffectsAsync()).Should().Equal("wh_1", "wh_2");
    }

    [Fact]
    public async Task A_trigger_that_Quartz_has_given_up_is_tried_again_by_itself()
    {
        using var log = new Log();
        await using (var receiver = await StartAsync(role: "receiver"))
        {
            (await SendAsync(receiver, "wh_1")).Should().Be(HttpStatusCode.OK);
        }

        (await Sqlite.ExecuteAsync("UPDATE qrtz_triggers SET trigger_state = 'ERROR' WHERE trigger_group = 'openai-webhooks'")).Should().Be(1);
        await using var worker = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log));

        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
        log.Lines.Should().Contain("Warning: Quartz gave up on the webhook wh_1 without running it (trigger state ERROR). The webhook is retried. ");
    }

    [Fact]
    public async Task A_process_that_only_receives_stores_for_another_and_can_replay()
    {
        using var log = new Log();
        await using var receiver = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log), role: "receiver");
        (await SendAsync(receiver, "wh_1")).Should().Be(HttpStatusCode.OK);
        (await SendAsync(receiver, "wh_poison", "{}")).Should().Be(HttpStatusCode.OK);
        log.Lines.Should().Contain("Information: The scheduler openai-webhooks stores webhooks for other processes to handle. This one only receives: it has no handler, or ReceiveOnly() was called. ");
        await Task.Delay(TimeSpan.FromSeconds(2));
        (await Sqlite.PendingAsync()).Should().Be(2);

        await using (var worker = await StartAsync())
        {
            await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1") && (await Sqlite.DeadAsync()).Count == 1);
        }

        (await receiver.Services.GetRequiredService<WebhookDeadLetters>().ReplayAsync("wh_poison")).Should().BeTrue();
        (await Sqlite.DeadAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_process_without_the_handler_leaves_the_delivery_to_one_that_has_it()
    {
        using var log = new Log();
        await using (var old = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log)
            .AddOpenAIWebhooks().ClearHandlers().AddHandler<BatchWebhookEvent, Nothing>()))
        {
            (await SendAsync(old, "wh_1")).Should().Be(HttpStatusCode.OK);
            await Eventually(() => Task.FromResult(log.Lines.Any(line => line.StartsWith("Error", StringComparison.Ordinal))));
            await old.StopAsync();
        }

        log.Lines.Should().Contain("Error: A handler failed for the webhook wh_1 (response.completed). The delivery is retried by OpenAI for up to 72 hours, or, if it came from an inbox, by the inbox until its last attempt. "
            + "This process has no handler for response.completed. Add one with AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, THandler>(), or unsubscribe the endpoint from this type at OpenAI.");
        await using var current = await StartAsync();
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task An_incoming_call_does_not_wait_behind_slow_handlers()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(services => services.AddSingleton(handled).AddOpenAIWebhooks().ClearHandlers().AddHandler<WebhookEvent, SlowUnlessACall>());
        for (int i = 0; i < 30; i++)
        {
            await SendAsync(app, $"wh_slow_{i}");
        }

        await SendAsync(app, "wh_call", """{"id":"evt_1","created_at":1,"type":"realtime.call.incoming","data":{"call_id":"rtc_1","sip_headers":[]}}""");

        await Eventually(() => Task.FromResult(!handled.IsEmpty));
        handled.First().WebhookId.Should().Be("wh_call", "the others take ten seconds each");
        await app.StopAsync(new CancellationToken(canceled: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_interrupted_cancels_its_handlers_and_is_retried(bool isOnStandby)
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(services => services.AddSingleton(handled).AddOpenAIWebhooks().AddHandler<WebhookEvent, Patient>());
        await SendAsync(app, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        if (isOnStandby)
        {
            await Scheduler(app).Standby();
        }

        await Scheduler(app).Interrupt(Key("wh_1"));
        await Eventually(async () => (await Scheduler(app).QueryFireInstances(new FireInstanceQuery())).Items.Count == 0);
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

    [Fact]
    public async Task The_applications_own_Quartz_is_not_touched()
    {
        await Sqlite.PrepareAsync();
        string other = $"Data Source={Path.Combine(_folder, "other.db")}";
        await using var app = await StartAsync(services =>
        {
            services.AddQuartz(quartz => quartz.UsePersistentStore(store => store.UseSqlite(Microsoft.Data.Sqlite.SqliteFactory.Instance, other).ProvisionSchema()));
            services.AddQuartz("another", quartz => quartz.UseInMemoryStore());
            services.AddQuartzHostedService(hosted => hosted.AwaitApplicationStarted = false);
        });
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        await scheduler.AddJob(JobBuilder.Create<Counting>().WithIdentity("theirs").StoreDurably().UsingJobData("count", 41).Build());

        (await scheduler.GetJobDetail(new JobKey("theirs")))!.JobDataMap["count"].Should().Be(41, "job data that are no strings survive");
        scheduler.Status.Should().Be(SchedulerStatus.Running);
        var stores = app.Services.GetRequiredService<IOptionsMonitor<AdoJobStoreOptions>>();
        stores.Get(Options.DefaultName).Should().BeEquivalentTo(new AdoJobStoreOptions(), options => options.Including(store => store.StoreJobDataAsStrings)
            .Including(store => store.LockOnInsert).Including(store => store.RecoverFiringsCancelledByShutdown));
        app.Services.GetRequiredService<IOptionsMonitor<QuartzSchedulerOptions>>().Get(Options.DefaultName).IdleWaitTime.Should().Be(new QuartzSchedulerOptions().IdleWaitTime);
        app.Services.GetRequiredService<IOptionsMonitor<QuartzHostedServiceOptions>>().Get("another").WaitForJobsToComplete.Should().BeFalse();

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task A_store_in_memory_does_not_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Slow>().AddQuartzInbox(quartz => quartz.UseInMemoryStore());
        using var host = builder.Build();

        await FluentActions.Awaiting(() => host.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*in memory*UsePersistentStore*");
    }

    [Fact]
    public void A_second_inbox_of_the_same_registration_is_refused()
    {
        var webhooks = new ServiceCollection().AddOpenAIWebhooks("staging").AddQuartzInbox(_ => { });

        webhooks.Invoking(it => it.AddQuartzInbox(_ => { })).Should().Throw<ArgumentException>()
            .WithMessage("This registration already has a Quartz inbox, with the scheduler openai-webhooks.staging. Call AddQuartzInbox only once for each AddOpenAIWebhooks name.*");
    }

    [Fact]
    public void Options_that_cannot_be_used_are_refused_by_name()
    {
        Using(options => options.MaxConcurrency = 0).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.MaxConcurrency is invalid: it must be from 1 to 1,000.");
        Using(options => options.Retention = TimeSpan.MaxValue).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.Retention is invalid*");
        Using(options => options.RetryDelays = [TimeSpan.Zero]).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.RetryDelays = [TimeSpan.FromDays(367)]).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.RetryDelays = null!).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.Retention = TimeSpan.Zero).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.Retention is invalid*");
        Using(options => options.UrgentTypes = null!).Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.UrgentTypes is invalid*");
        Using(options => options.RetryDelays = []).Should().NotThrow();

        static Action Using(Action<QuartzInboxOptions> configure)
            => () => new ServiceCollection().AddOpenAIWebhooks().AddQuartzInbox(quartz => quartz.UseInMemoryStore(), configure);
    }

    [Fact]
    public void Null_arguments_are_the_callers_error()
    {
        FluentActions.Invoking(() => ((OpenAIWebhooksBuilder)null!).AddQuartzInbox(_ => { })).Should().Throw<ArgumentNullException>().WithParameterName("webhooks");
        FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks().AddQuartzInbox(null!)).Should().Throw<ArgumentNullException>().WithParameterName("quartz");
    }

    [Fact]
    public void The_public_API_is_the_listed_one() => Webhooks.Tests.PublicApi.ShouldBeTheListedOne(typeof(WebhookDeadLetters).Assembly);

    private static JobKey Key(string webhookId) => new(webhookId, "openai-webhooks");

    private static IScheduler Scheduler(WebApplication app)
        => app.Services.GetRequiredKeyedService<ISchedulerFactory>("openai-webhooks").GetScheduler().AsTask().GetAwaiter().GetResult();

    private static async Task<List<WebhookDeadLetter>> ListAsync(WebhookDeadLetters deadLetters)
    {
        var all = new List<WebhookDeadLetter>();
        await foreach (var dead in deadLetters.ListAsync())
        {
            all.Add(dead);
        }

        return all;
    }

    private async Task<WebApplication> StartAsync(
        Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null, string role = "both", TimeSpan? retention = null)
    {
        await Sqlite.PrepareAsync();
        var app = Program.Build(role, Sqlite, configure, retention);
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
            => categoryName.StartsWith("OpenAI.Webhooks", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

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

    private sealed class SlowUnlessACall(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            if (webhookEvent is not RealtimeCallIncomingWebhookEvent)
            {
                await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            }

            handled.Enqueue(delivery);
        }
    }

    private sealed class Counting : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
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
