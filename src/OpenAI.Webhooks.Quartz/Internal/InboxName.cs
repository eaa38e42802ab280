namespace OpenAI.Webhooks.Quartz;

/// <summary>The name of a registration, and those of its scheduler and health check.</summary>
internal sealed record InboxName(string Registration)
{
    public string Scheduler => WithRegistration("openai-webhooks");

    public string HealthCheck => WithRegistration("openai-webhooks-inbox");

    private string WithRegistration(string name) => Registration.Length == 0 ? name : $"{name}.{Registration}";
}
