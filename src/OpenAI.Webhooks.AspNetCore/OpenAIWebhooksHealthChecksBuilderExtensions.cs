using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check for OpenAI webhooks.</summary>
public static class OpenAIWebhooksHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check for the registrations of <c>AddOpenAIWebhooks</c>. It is degraded while a changed
    /// configuration is invalid and the last valid one stays in effect. It is unhealthy if there has never been a valid
    /// configuration.
    /// </summary>
    /// <remarks>
    /// The check's data contains, for each registration: <c>last_authentic</c>, the time of the last authentic
    /// delivery; <c>last_rejected</c>, the time of the last rejected request; <c>endpoints</c>, the mapped endpoints;
    /// <c>handled_types</c>; <c>secret_hints</c>, the last four characters of each secret; and <c>configuration</c>,
    /// what is wrong with the options of a registration that only dispatches. For a named registration, the keys begin
    /// with its name and a dot. <c>time</c> is this machine's clock. <see cref="WebhookHealthResponse"/> makes the data
    /// readable for <c>openai-webhooks doctor</c>.
    /// </remarks>
    /// <param name="builder">The builder of the health checks. Must not be null.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="tags">Tags of the check; null for none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddOpenAIWebhooks(
        this IHealthChecksBuilder builder, string name = "openai-webhooks", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => provider.GetService<CurrentVerifiers>() is null
                ? throw new InvalidOperationException("The OpenAI webhooks health check needs services that are not "
                    + "registered. Also call services.AddOpenAIWebhooks().")
                : ActivatorUtilities.CreateInstance<WebhookHealthCheck>(provider),
            failureStatus: null,
            tags));
    }
}
