using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the services that OpenAI webhook endpoints need.</summary>
public static class OpenAIWebhooksServiceCollectionExtensions
{
    /// <summary>
    /// Registers the services that OpenAI webhook endpoints need, with options from the configuration section
    /// <c>OpenAI:Webhooks</c>. A host with a mapped endpoint does not start without a usable secret.
    /// </summary>
    /// <remarks>
    /// This method also registers a <see cref="WebhookVerifier"/> with these options as a transient service. A resolved
    /// verifier has the secrets of that moment, so a singleton should not keep one across configuration changes.
    /// </remarks>
    /// <example>
    /// <code>
    /// builder.Services.AddOpenAIWebhooks()
    ///     .AddHandler&lt;ResponseCompletedWebhookEvent, FetchResponse&gt;()
    ///     .AddDeduplication();
    /// </code>
    /// </example>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="configure">Changes the options after the configuration was applied; null for no changes.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        Action<OpenAIWebhooksOptions>? configure = null)
        => services.AddOpenAIWebhooks("", configure);

    /// <summary>
    /// Registers options and handlers under a name, for applications that have several endpoints with different
    /// secrets. The options come from the configuration section <c>OpenAI:Webhooks:{name}</c>. The
    /// <see cref="WebhookVerifier"/> is registered as a keyed service under this name.
    /// </summary>
    /// <param name="services">The application's services. Must not be null.</param>
    /// <param name="name">The name to map endpoints with. Must not be null, contain a colon, or be a secret.</param>
    /// <param name="configure">Changes the options after the configuration was applied; null for no changes.</param>
    /// <returns>A builder to add handlers and deduplication with.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="services"/> or <paramref name="name"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="name"/> is a webhook secret, contains a colon, is the name of an option, or differs from another
    /// name only in case. Configuration keys are case-insensitive.
    /// </exception>
    public static OpenAIWebhooksBuilder AddOpenAIWebhooks(
        this IServiceCollection services,
        string name,
        Action<OpenAIWebhooksOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);

        var registration = WebhookRegistration.Of(name, nameof(name));

        // Check the type first: for a keyed service, early versions of ServiceDescriptor throw when the instance is
        // read.
        var others = services.Where(service => service.ServiceType == typeof(WebhookRegistration))
            .Select(service => (WebhookRegistration)service.ImplementationInstance!)
            .ToList();
        if (!others.Contains(registration))
        {
            if (others.Find(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } twin)
            {
                throw new ArgumentException(
                    $"The names '{name}' and '{twin.Name}' differ only in case, but configuration keys are "
                    + "case-insensitive. Rename one.",
                    nameof(name));
            }

            services.AddSingleton(registration);
            services.AddSingleton<IOptionsChangeTokenSource<OpenAIWebhooksOptions>>(provider =>
                new ConfigurationChangeTokenSource<OpenAIWebhooksOptions>(
                    name, provider.GetService<IConfiguration>() ?? new ConfigurationRoot([])));
            services.AddSingleton<IConfigureOptions<OpenAIWebhooksOptions>>(
                provider => new OptionsFromConfiguration(registration, provider.GetService<IConfiguration>()));
            services.AddSingleton<IPostConfigureOptions<OpenAIWebhooksOptions>>(
                provider => new OptionsFromConfiguration(registration, provider.GetService<IConfiguration>()));
        }

        if (configure is not null)
        {
            services.Configure(name, configure);
        }

        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton<CurrentVerifiers>();
        services.TryAddSingleton<MappedEndpoints>();
        services.TryAddSingleton(provider => new UnmappedEndpoints(provider));
        services.TryAddSingleton<RequestRecorder>();
        services.TryAddSingleton<IgnoredTypes>();
        services.TryAddSingleton<WebhookTelemetry>();
        services.TryAddSingleton<WebhookRunner>();
        services.TryAddSingleton(provider => new WebhookDispatcher(provider));
        services.TryAddSingleton<ShutdownDeadline>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHostedService,
            ShutdownDeadline>(provider => provider.GetRequiredService<ShutdownDeadline>()));
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

        WebhookVerifier VerifierOf(IServiceProvider provider)
            => provider.GetRequiredService<CurrentVerifiers>().Get(registration).Verifier;
    }
}
