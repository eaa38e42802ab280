using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Quartz;

namespace OpenAI.Webhooks.Quartz;

/// <summary>A delivery as it stands in the job store: a durable job, whose key is the webhook id.</summary>
internal sealed record StoredWebhook(string Name, string WebhookId, DateTimeOffset Timestamp, ReadOnlyMemory<byte> Payload)
{
    // The narrowest column for a job's name, among the databases, has 150 characters.
    private const int MaxNameLength = 150;

    private const string NameKey = "name";
    private const string IdKey = "webhook-id";
    private const string TimestampKey = "webhook-timestamp";
    private const string PayloadKey = "payload";

    public JobKey Key => new(JobName, GroupOf(WebhookJob.Group, Name));

    public JobKey DeadKey => new(JobName, GroupOf(WebhookJob.DeadGroup, Name));

    private string JobName => WebhookId.Length <= MaxNameLength
        ? WebhookId
        : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(WebhookId)))}";

    public static string GroupOf(string group, string name) => name.Length == 0 ? group : $"{group}.{name}";

    public static StoredWebhook Of(IJobDetail job)
    {
        var data = job.JobDataMap;
        return new(
            (string)data[NameKey]!,
            (string)data[IdKey]!,
            DateTimeOffset.FromUnixTimeSeconds(long.Parse((string)data[TimestampKey]!, CultureInfo.InvariantCulture)),
            Convert.FromBase64String((string)data[PayloadKey]!));
    }

    /// <summary>When a stored job was made, from what a listing of jobs shows.</summary>
    public static DateTimeOffset? StoredAt(string? description)
        => DateTimeOffset.TryParseExact(description, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    /// <summary>The job that handles it; it stays when it is done, so that its id is known when a copy comes.</summary>
    public IJobDetail ToJob(Type jobType, DateTimeOffset now)
        => ToJob(jobType, Key, now.ToString("O", CultureInfo.InvariantCulture));

    public IJobDetail ToDeadJob(Type jobType) => ToJob(jobType, DeadKey, "Failed for good. TriggerJob runs it again.");

    public ITrigger ToTrigger() => TriggerBuilder.Create().WithIdentity(Key.Name, Key.Group).ForJob(Key).StartNow().Build();

    private IJobDetail ToJob(Type jobType, JobKey key, string description)
        => JobBuilder.Create().OfType(jobType)
            .WithIdentity(key)
            .WithDescription(description)
            .StoreDurably()
            .RequestRecovery()
            .UsingJobData(NameKey, Name)
            .UsingJobData(IdKey, WebhookId)
            .UsingJobData(TimestampKey, Timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
            .UsingJobData(PayloadKey, Convert.ToBase64String(Payload.Span))
            .Build();
}
