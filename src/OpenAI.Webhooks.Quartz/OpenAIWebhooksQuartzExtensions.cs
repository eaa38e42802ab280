using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Quartz;
using Quartz;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets Quartz.NET keep the deliveries of OpenAI webhooks.</summary>
public static class OpenAIWebhooksQuartzExtensions
{
    /// <summary>
    /// Stores each delivery in the job store of Quartz.NET before it is answered, and handles it afterwards, at least once,
    /// with the retries of <see cref="WebhookJob"/>. The webhook id is the job's key, so a copy is stored once.
    /// </summary>
    /// <remarks>
    /// Needs <c>AddQuartz</c> with a persistent store, and <c>AddQuartzHostedService</c>: without either the host does not
    /// start. What deliveries need of Quartz is set for every scheduler of the application: job data stored as strings, a
    /// stop that waits for jobs, recovery of those it interrupts, and tables that are made where there are none.
    /// </remarks>
    /// <param name="webhooks">What <c>AddOpenAIWebhooks</c> returned. Must not be null.</param>
    /// <returns><paramref name="webhooks"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="webhooks"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddQuartzInbox(this OpenAIWebhooksBuilder webhooks) => webhooks.AddQuartzInbox<WebhookJob>();

    /// <summary>As <see cref="AddQuartzInbox(OpenAIWebhooksBuilder)"/>, with a job of one's own: for other waits between the attempts.</summary>
    /// <typeparam name="TJob">The job. Its name is in the store, so it cannot change while deliveries are stored.</typeparam>
    /// <param name="webhooks">What <c>AddOpenAIWebhooks</c> returned. Must not be null.</param>
    /// <returns><paramref name="webhooks"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="webhooks"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddQuartzInbox<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TJob>(this OpenAIWebhooksBuilder webhooks)
        where TJob : WebhookJob
    {
        ArgumentNullException.ThrowIfNull(webhooks);
        var services = webhooks.Services;
        services.PostConfigureAll<AdoJobStoreOptions>(store =>
        {
            store.LockOnInsert = true; // Without it a copy is not told from a store that failed.
            store.StoreJobDataAsStrings = true;
            store.RecoverFiringsCancelledByShutdown = true;
            store.SchemaProvisioning = SchemaProvisioning.CreateIfMissing;
        });
        services.PostConfigureAll<QuartzHostedServiceOptions>(quartz => quartz.WaitForJobsToComplete = true);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, QuartzCheck>());

        string name = webhooks.Name;
        return webhooks.AddInbox(provider => new QuartzInbox(provider.GetRequiredService<ISchedulerFactory>(), typeof(TJob), name));
    }
}
