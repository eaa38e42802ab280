namespace OpenAI.Webhooks.Quartz;

/// <summary>The name of a registration, and that of its scheduler.</summary>
internal sealed record InboxName(string Registration)
{
    public string Scheduler => Registration.Length == 0 ? "openai-webhooks" : $"openai-webhooks.{Registration}";
}
