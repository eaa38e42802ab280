using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check of OpenAI webhooks.</summary>
public static class OpenAIWebhooksHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check of what <c>AddOpenAIWebhooks</c> registered. It is degraded while a changed configuration cannot be
    /// used and the last good one stays in force, and unhealthy if there never was a usable one.
    /// </summary>
    /// <remarks>
    /// For each registration, its data have the time of the last authentic delivery, the time and reason of the last rejected
    /// request, the mapped endpoints and what they handle: <c>last_authentic</c>, <c>last_rejected</c>,
    /// <c>last_rejected_reason</c>, <c>endpoints</c>, <c>handled_types</c>; <c>secret_hints</c>, the last four characters of each
    /// secret; and <c>configuration</c>, what is wrong with the options of a registration that only dispatches. Those of a
    /// registration with a name begin with that name and a dot. <c>time</c> is this machine's clock.
    /// <see cref="WebhookHealthResponse"/> shows them to <c>openai-webhooks doctor</c>.
    /// </remarks>
    /// <param name="builder">The builder of the health checks. Must not be null.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="tags">Tags of the check; null for none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddOpenAIWebhooks(this IHealthChecksBuilder builder, string name = "openai-webhooks", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => provider.GetService<CurrentVerifiers>() is null
                ? throw new InvalidOperationException("The health check of OpenAI webhooks needs services that are not registered. Call services.AddOpenAIWebhooks() too.")
                : ActivatorUtilities.CreateInstance<WebhookHealthCheck>(provider),
            failureStatus: null,
            tags));
    }
}
