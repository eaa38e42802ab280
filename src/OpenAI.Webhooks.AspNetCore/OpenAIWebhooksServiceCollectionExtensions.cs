using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what endpoints for OpenAI webhooks need.</summary>
public static class OpenAIWebhooksServiceCollectionExtensions
{
    /// <summary>
    /// Registers what endpoints for OpenAI webhooks need, with options from the configuration section
    /// <c>OpenAI:Webhooks</c>. The host does not start without a secret that can be used.
    /// </summary>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="configure">Changes the options after the configuration; null to leave them.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        Action<OpenAIWebhooksOptions>? configure = null)
        => services.AddOpenAIWebhooks(Options.Options.DefaultName, configure);

    /// <summary>
    /// Registers options and handlers under a name, for applications that have several endpoints with different
    /// secrets. The options are from the configuration section <c>OpenAI:Webhooks:{name}</c>.
    /// </summary>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="name">The name to map endpoints with. Must not be null.</param>
    /// <param name="configure">Changes the options after the configuration; null to leave them.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="name"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        string name,
        Action<OpenAIWebhooksOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);

        var registration = new WebhookRegistration(name);
        // The type first: of a keyed service, early versions of ServiceDescriptor give no instance but an exception.
        if (!services.Any(service => service.ServiceType == typeof(WebhookRegistration) && registration.Equals(service.ImplementationInstance)))
        {
            services.AddSingleton(registration);
            services.AddOptions<OpenAIWebhooksOptions>(name)
                .BindConfiguration(registration.Section)
                .PostConfigure<IConfiguration>((options, configuration) =>
                {
                    if (options.Secrets.Count == 0 && registration.FallbackSecret(configuration) is { Length: > 0 } secret)
                    {
                        options.Secrets.Add(secret);
                    }
                });
        }

        if (configure is not null)
        {
            services.Configure(name, configure);
        }

        services.AddMetrics();
        services.TryAddSingleton<WebhookVerifiers>();
        services.TryAddSingleton<WebhookTelemetry>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<Hosting.IHostedService, StartupCheck>());
        return new(services, name);
    }
}
