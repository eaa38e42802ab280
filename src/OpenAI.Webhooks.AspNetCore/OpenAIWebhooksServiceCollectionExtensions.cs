using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what endpoints for OpenAI webhooks need.</summary>
public static class OpenAIWebhooksServiceCollectionExtensions
{
    /// <summary>
    /// Registers what endpoints for OpenAI webhooks need, with options from the configuration section
    /// <c>OpenAI:Webhooks</c>. A host with a mapped endpoint does not start without a usable secret.
    /// </summary>
    /// <remarks>
    /// It also registers the <see cref="WebhookVerifier"/> of these options as a transient service. Each one that is resolved
    /// has the secrets of that moment, so a singleton should not keep one across a change of the configuration.
    /// </remarks>
    /// <example>
    /// <code>
    /// builder.Services.AddOpenAIWebhooks()
    ///     .AddHandler&lt;ResponseCompletedWebhookEvent, FetchResponse&gt;()
    ///     .AddDeduplication();
    /// </code>
    /// </example>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="configure">Changes the options after the configuration; null to leave them.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        Action<OpenAIWebhooksOptions>? configure = null)
        => services.AddOpenAIWebhooks("", configure);

    /// <summary>
    /// Registers options and handlers under a name, for applications that have several endpoints with different
    /// secrets. The options are from the configuration section <c>OpenAI:Webhooks:{name}</c>. The
    /// <see cref="WebhookVerifier"/> is a service with this name as its key.
    /// </summary>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="name">The name to map endpoints with. Must not be null; has no colon, and is not a secret.</param>
    /// <param name="configure">Changes the options after the configuration; null to leave them.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="name"/> is a webhook secret, has a colon, is the name of an option, or differs from another name by
    /// the case of its letters only, which the configuration does not tell apart.
    /// </exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        string name,
        Action<OpenAIWebhooksOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);

        var registration = WebhookRegistration.Of(name, nameof(name));

        // The type first: of a keyed service, early versions of ServiceDescriptor give no instance but an exception.
        var others = services.Where(service => service.ServiceType == typeof(WebhookRegistration))
            .Select(service => (WebhookRegistration)service.ImplementationInstance!)
            .ToList();
        if (!others.Contains(registration))
        {
            if (others.Find(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } twin)
            {
                throw new ArgumentException($"The names '{name}' and '{twin.Name}' differ by the case of their letters only, and the configuration does not tell them apart.", nameof(name));
            }

            services.AddSingleton(registration);
            services.AddSingleton<IOptionsChangeTokenSource<OpenAIWebhooksOptions>>(provider =>
                new ConfigurationChangeTokenSource<OpenAIWebhooksOptions>(name, provider.GetService<IConfiguration>() ?? new ConfigurationRoot([])));
            services.AddSingleton<IConfigureOptions<OpenAIWebhooksOptions>>(provider => new OptionsFromConfiguration(registration, provider.GetService<IConfiguration>()));
            services.AddSingleton<IPostConfigureOptions<OpenAIWebhooksOptions>>(provider => new OptionsFromConfiguration(registration, provider.GetService<IConfiguration>()));
        }

        if (configure is not null)
        {
            services.Configure(name, configure);
        }

        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton<CurrentVerifiers>();
        services.TryAddSingleton<MappedEndpoints>();
        services.TryAddSingleton<RequestRecorder>();
        services.TryAddSingleton<IgnoredTypes>();
        services.TryAddSingleton<WebhookTelemetry>();
        services.TryAddSingleton<WebhookRunner>();
        services.TryAddSingleton(provider => new WebhookDispatcher(provider));
        services.TryAddSingleton<ShutdownDeadline>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ShutdownDeadline>(provider => provider.GetRequiredService<ShutdownDeadline>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StartupCheck>());
        if (registration.IsDefault)
        {
            services.TryAddTransient(VerifierOf);
        }
        else
        {
            services.TryAddKeyedTransient(name, (provider, _) => VerifierOf(provider));
        }

        return new(services, name);

        WebhookVerifier VerifierOf(IServiceProvider provider) => provider.GetRequiredService<CurrentVerifiers>().Get(registration).Verifier;
    }
}
