using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>Stores deliveries as jobs.</summary>
internal sealed class QuartzInbox(ISchedulerFactory schedulers, Type jobType, string name) : IWebhookInbox
{
    public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        // Not with the request's token: cancelled at the first use, it would leave a scheduler behind that is dead.
        var scheduler = await schedulers.GetScheduler(CancellationToken.None).ConfigureAwait(false);
        var stored = new StoredWebhook(name, message.WebhookId, message.Timestamp, message.GetPayload());
        try
        {
            await scheduler.ScheduleJob(stored.ToJob(jobType, scheduler.TimeProvider.GetUtcNow()), stored.ToTrigger(), default, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ObjectAlreadyExistsException)
        {
            // A copy: stored before, and that is all that was asked for.
        }
    }
}
