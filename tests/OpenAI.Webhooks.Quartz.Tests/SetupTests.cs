using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class SetupTests : QuartzTests
{
    [Fact]
    public async Task The_applications_own_Quartz_is_not_touched()
    {
        await Sqlite.PrepareAsync();
        string other = $"Data Source={Path.Combine(Folder, "other.db")}";
        await using var app = await StartAsync(services =>
        {
            services.AddQuartz(
                quartz => quartz.UsePersistentStore(
                    store => store.UseSqlite(Microsoft.Data.Sqlite.SqliteFactory.Instance, other).ProvisionSchema()));
            services.AddQuartz("another", quartz => quartz.UseInMemoryStore());
            services.AddQuartzHostedService(hosted => hosted.AwaitApplicationStarted = false);
        });
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        await scheduler.AddJob(
            JobBuilder.Create<Counting>().WithIdentity("theirs").StoreDurably().UsingJobData("count", 41).Build());

        (await scheduler.GetJobDetail(new JobKey("theirs")))!.JobDataMap["count"]
            .Should().Be(41, "job data that are no strings survive");
        scheduler.Status.Should().Be(SchedulerStatus.Running);
        var stores = app.Services.GetRequiredService<IOptionsMonitor<AdoJobStoreOptions>>();
        stores.Get(Options.DefaultName)
            .Should().BeEquivalentTo(
                new AdoJobStoreOptions(), options => options.Including(store => store.StoreJobDataAsStrings)
            .Including(store => store.LockOnInsert).Including(store => store.RecoverFiringsCancelledByShutdown));
        app.Services.GetRequiredService<IOptionsMonitor<QuartzSchedulerOptions>>().Get(Options.DefaultName).IdleWaitTime
            .Should().Be(new QuartzSchedulerOptions().IdleWaitTime);
        app.Services.GetRequiredService<IOptionsMonitor<QuartzHostedServiceOptions>>()
            .Get("another").WaitForJobsToComplete
            .Should().BeFalse();

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }

    [Fact]
    public async Task A_store_in_memory_does_not_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddOpenAIWebhooks()
            .AddHandler<WebhookEvent, Slow>().AddQuartzInbox(quartz => quartz.UseInMemoryStore());
        using var host = builder.Build();

        await FluentActions.Awaiting(() => host.StartAsync())
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*in memory*UsePersistentStore*");
    }

    [Fact]
    public void A_second_inbox_of_the_same_registration_is_refused()
    {
        var webhooks = new ServiceCollection().AddOpenAIWebhooks("staging").AddQuartzInbox(_ => { });

        webhooks.Invoking(it => it.AddQuartzInbox(_ => { })).Should().Throw<ArgumentException>()
            .WithMessage("This registration already has a Quartz inbox, with the scheduler openai-webhooks.staging. "
                + "Call AddQuartzInbox only once for each AddOpenAIWebhooks name.*");
    }

    [Fact]
    public void Options_that_cannot_be_used_are_refused_by_name()
    {
        Using(options => options.MaxConcurrency = 0)
            .Should().Throw<ArgumentException>()
            .WithMessage("QuartzInboxOptions.MaxConcurrency is invalid: it must be from 1 to 1,000.");
        Using(options => options.Retention = TimeSpan.MaxValue)
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.Retention is invalid*");
        Using(options => options.RetryDelays = [TimeSpan.Zero])
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.RetryDelays = [TimeSpan.FromDays(367)])
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.RetryDelays = null!)
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.RetryDelays is invalid*");
        Using(options => options.Retention = TimeSpan.Zero)
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.Retention is invalid*");
        Using(options => options.UrgentTypes = null!)
            .Should().Throw<ArgumentException>().WithMessage("QuartzInboxOptions.UrgentTypes is invalid*");
        Using(options => options.RetryDelays = []).Should().NotThrow();

        static Action Using(Action<QuartzInboxOptions> configure)
            => () => new ServiceCollection().AddOpenAIWebhooks().AddQuartzInbox(
                quartz => quartz.UseInMemoryStore(), configure);
    }

    [Fact]
    public void Null_arguments_are_the_callers_error()
    {
        FluentActions.Invoking(() => ((OpenAIWebhooksBuilder)null!).AddQuartzInbox(_ => { }))
            .Should().Throw<ArgumentNullException>().WithParameterName("webhooks");
        FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks().AddQuartzInbox(null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("quartz");
    }

    [Fact]
    public void The_public_API_is_the_listed_one()
        => Webhooks.Tests.PublicApi.ShouldBeTheListedOne(typeof(WebhookDeadLetters).Assembly);

    private sealed class Counting : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
            => ValueTask.CompletedTask;
    }
}
