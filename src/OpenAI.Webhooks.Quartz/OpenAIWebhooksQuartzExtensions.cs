using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Quartz;
using Quartz;
using Quartz.Impl.AdoJobStore.Common;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Stores deliveries of OpenAI webhooks with Quartz.NET.</summary>
public static class OpenAIWebhooksQuartzExtensions
{
    // In addition to MaxConcurrency, for urgent deliveries.
    private const int UrgentThreads = 4;

    private static readonly TimeSpan CheckinMisfireThreshold = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Stores each delivery in a database before the response is sent, and handles it afterwards, at least once, with
    /// retries. A dedicated Quartz.NET scheduler owns the database. It is named <c>openai-webhooks</c>
    /// (<c>openai-webhooks.staging</c> for the registration <c>staging</c>), and the host starts and stops it. Other
    /// schedulers of the application are not touched.
    /// </summary>
    /// <remarks>
    /// This method also registers <see cref="WebhookDeadLetters"/> as a singleton. For a named registration, it is a
    /// keyed service with that name.
    /// </remarks>
    /// <example>
    /// <code>
    /// builder.Services.AddOpenAIWebhooks()
    ///     .AddHandler&lt;WebhookEvent, TakeEffect&gt;()
    ///     .AddQuartzInbox(quartz =&gt; quartz.UsePersistentStore(store =&gt;
    ///         store.UseSqlite("Data Source=webhooks.db")));
    /// </code>
    /// </example>
    /// <param name="webhooks">What <c>AddOpenAIWebhooks</c> returned. Must not be null.</param>
    /// <param name="quartz">
    /// Chooses the database, as in <c>quartz.UsePersistentStore(store => store.UseSqlite("Data
    /// Source=webhooks.db"))</c>. Tables are created if they do not exist. Must not be null.
    /// </param>
    /// <param name="configure">Changes the inbox's options; null for the defaults.</param>
    /// <returns><paramref name="webhooks"/>.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="webhooks"/> or <paramref name="quartz"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// An option is invalid, or the registration already has a Quartz inbox.
    /// </exception>
    public static OpenAIWebhooksBuilder AddQuartzInbox(
        this OpenAIWebhooksBuilder webhooks,
        Action<IQuartzBuilder> quartz,
        Action<QuartzInboxOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(webhooks);
        ArgumentNullException.ThrowIfNull(quartz);
        var options = new QuartzInboxOptions();
        configure?.Invoke(options);
        options.Validate();
        var name = new InboxName(webhooks.Name);
        var services = webhooks.Services;
        if (services.Any(service =>
            service.ServiceType == typeof(QuartzInbox) && name.Scheduler.Equals(service.ServiceKey)))
        {
            throw new ArgumentException(
                $"This registration already has a Quartz inbox, with the scheduler {name.Scheduler}. Call "
                + "AddQuartzInbox only once for each AddOpenAIWebhooks name.",
                nameof(webhooks));
        }

        // A machine that was slow, or frozen, for less than this is not taken for dead. An own setting of the
        // application counts.
        services.Configure<ClusteringOptions>(
            name.Scheduler, cluster => cluster.CheckinMisfireThreshold = CheckinMisfireThreshold);
        var clock = new DatabaseClock(TimeProvider.System);
        services.AddQuartz(name.Scheduler, scheduler => Configure(scheduler, options, clock, quartz));

        // If the application called AddQuartzHostedService, that would start every scheduler.
        services.Configure<QuartzHostedServiceOptions>(name.Scheduler, hosted => hosted.AutoStart = false);
        var stores = services.AddOptions<AdoJobStoreOptions>(name.Scheduler);
        stores.PostConfigure<IOptionsMonitor<ClusteringOptions>>((store, clustering) =>
        {
            store.RecoverFiringsCancelledByShutdown = true;
            store.SchemaProvisioning = SchemaProvisioning.CreateIfMissing;

            // In a cluster, storing would wait for the lock. It is not needed: a copy is recognized by its key.
            store.LockOnInsert = !clustering.Get(name.Scheduler).Enabled;
        });

        // To read several triggers at once, Quartz joins their keys with OR, and SQLite then reads all rows.
        services.AddOptions<QuartzSchedulerOptions>(name.Scheduler).PostConfigure<IServiceProvider>(
            (scheduler, provider) =>
            {
                if (scheduler.MaxBatchSize == 0
                    && provider.GetKeyedService<IDbProvider>(name.Scheduler) is { } database
                    && InboxDatabase.IsSqlite(database))
                {
                    scheduler.MaxBatchSize = 1;
                }
            });

        services.AddKeyedSingleton(name.Scheduler, (provider, _) => new QuartzInbox(name, options, clock, provider));
        services.AddSingleton<IHostedService>(InboxOf);
        if (name.Registration.Length == 0)
        {
            services.AddSingleton(DeadLettersOf);
        }
        else
        {
            services.AddKeyedSingleton(name.Registration, (provider, _) => DeadLettersOf(provider));
        }

        return webhooks.AddInbox(InboxOf);

        QuartzInbox InboxOf(IServiceProvider provider) => provider.GetRequiredKeyedService<QuartzInbox>(name.Scheduler);

        WebhookDeadLetters DeadLettersOf(IServiceProvider provider)
            => new(InboxOf(provider), provider.GetRequiredService<ILogger<WebhookDeadLetters>>());
    }

    /// <summary>
    /// Adds a health check of a Quartz inbox, named <c>openai-webhooks-inbox</c>, or
    /// <c>openai-webhooks-inbox.staging</c> for the registration <c>staging</c>. It is unhealthy if the inbox cannot
    /// store deliveries, and degraded if there are dead letters or if a delivery has been due for too long. The check
    /// finishes within 5 seconds. Its data contains <c>waiting</c>, <c>dead</c> and <c>oldest_due_seconds</c>.
    /// </summary>
    /// <param name="builder">The builder of the health checks. Must not be null.</param>
    /// <param name="registration">
    /// The name given to <c>AddOpenAIWebhooks</c>; empty if it was given none. Must not be null.
    /// </param>
    /// <param name="configure">Changes the limits; null for the defaults.</param>
    /// <param name="tags">Tags of the check; null for none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="registration"/> is null.
    /// </exception>
    public static IHealthChecksBuilder AddOpenAIWebhooksQuartzInbox(
        this IHealthChecksBuilder builder,
        string registration = "",
        Action<QuartzInboxHealthOptions>? configure = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(registration);
        var options = new QuartzInboxHealthOptions();
        configure?.Invoke(options);
        var name = new InboxName(registration);
        return builder.Add(new HealthCheckRegistration(
            name.HealthCheck, provider => new InboxHealthCheck(
                provider.GetRequiredKeyedService<QuartzInbox>(name.Scheduler), options), failureStatus: null, tags));
    }

    private static void Configure(
        IQuartzBuilder scheduler, QuartzInboxOptions options, DatabaseClock clock, Action<IQuartzBuilder> configure)
    {
        // How soon a worker sees deliveries that a receiver has stored.
        scheduler.ConfigureScheduler(quartz => quartz.IdleWaitTime = TimeSpan.FromSeconds(1));
        scheduler.UseDefaultThreadPool(options.MaxConcurrency + UrgentThreads);
        configure(scheduler);
        scheduler.UseTimeProvider(clock);

        scheduler.ConfigureScheduler(quartz => quartz.ShutdownJobInterruption = ShutdownJobInterruption.Always);
        scheduler.UseExecutionLimits(limits => limits
            .ForDefaultGroup(options.MaxConcurrency)
            .ForGroup(StoredWebhook.UrgentGroup, UrgentThreads));
        scheduler.RefuseExecutionGroups(StoredWebhook.ForgetGroup);
    }
}
