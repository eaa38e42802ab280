using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Keeps the host from starting with a mapped endpoint that has no usable secret. Logs what each endpoint handles, and warns
/// of what would keep deliveries from arriving.
/// </summary>
internal sealed class StartupCheck(
    CurrentVerifiers verifiers,
    MappedEndpoints mapped,
    IEnumerable<WebhookRegistration> registrations,
    IOptionsMonitor<WebhookSetup> setups,
    IServiceProvider services,
    ILogger<StartupCheck> logger) : IHostedLifecycleService
{
    private bool _hasLifecycle;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _hasLifecycle = true;
        RequireSecrets();
        return Task.CompletedTask;
    }

    // The web host that came before the generic one has only this method.
    public Task StartAsync(CancellationToken cancellationToken) => _hasLifecycle ? Task.CompletedTask : StartedAsync(cancellationToken);

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        // Again, because an application with a Startup class maps its endpoints only while the server starts.
        RequireSecrets();
        foreach (var registration in registrations)
        {
            CheckSecrets(registration);
        }

        if (mapped.All.Count > 0)
        {
            await CheckEndpointsAsync().ConfigureAwait(false);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The tool that makes OpenAPI documents at build time starts the application, where no secrets are.
    private static bool IsBuildTime => Assembly.GetEntryAssembly()?.GetName().Name == "GetDocument.Insider";

    private void RequireSecrets()
    {
        if (!IsBuildTime)
        {
            foreach (var endpoint in mapped.All)
            {
                verifiers.Get(endpoint.Registration);
            }
        }
    }

    private void CheckSecrets(WebhookRegistration registration)
    {
        if (IsBuildTime || (mapped.Of(registration).Count == 0 && setups.Get(registration.Name).HasHandlers))
        {
            // A process that only dispatches needs no secret.
            return;
        }

        try
        {
            bool isDevelopment = services.GetService<IHostEnvironment>()?.IsDevelopment() == true;
            if (verifiers.Get(registration).HasTextSecret && !isDevelopment)
            {
                logger.TextSecret(registration.AddCall);
            }
        }
        catch (OptionsValidationException exception)
        {
            logger.CannotUnwrap(registration.AddCall, exception.Message);
        }
    }

    private async Task CheckEndpointsAsync()
    {
        var built = BuiltEndpoints().Where(endpoint => endpoint.Metadata.GetMetadata<MappedEndpoint>() is not null).ToList();
        foreach (var endpoint in mapped.All)
        {
            logger.Mapped(endpoint.Pattern, endpoint.Target);
        }

        foreach (var same in built
            .Where(endpoint => endpoint.Metadata.GetMetadata<IHostMetadata>() is null)
            .GroupBy(endpoint => endpoint.Metadata.GetMetadata<MappedEndpoint>()!.Pattern.Trim('/'), StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() > 1))
        {
            logger.Ambiguous($"/{same.Key}");
        }

        bool hasFallback = await HasFallbackPolicyAsync().ConfigureAwait(false);
        foreach (var endpoint in built)
        {
            WarnOfRules(endpoint, hasFallback);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A policy provider that cannot be asked here, for want of a request, must not keep the host from starting.")]
    private async Task<bool> HasFallbackPolicyAsync()
    {
        try
        {
            return services.GetService<IAuthorizationPolicyProvider>() is { } policies
                && await policies.GetFallbackPolicyAsync().ConfigureAwait(false) is not null;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private void WarnOfRules(Endpoint endpoint, bool hasFallback)
    {
        string pattern = endpoint.Metadata.GetMetadata<MappedEndpoint>()!.Pattern;
        bool hasPolicy = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null;
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null && (hasPolicy || hasFallback))
        {
            logger.MayBeRejected(pattern, hasPolicy
                ? "the endpoint requires authorization, and OpenAI has no account. Unless the policy lets OpenAI pass, add .AllowAnonymous() to the endpoint; the signature is the authentication."
                : "the application has a fallback authorization policy, and OpenAI has no account. Unless the policy lets OpenAI pass, add .AllowAnonymous() to the endpoint; the signature is the authentication.");
        }

        if (endpoint.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true })
        {
            logger.MayBeRejected(pattern, "the endpoint requires an antiforgery token, and OpenAI has none. Add .DisableAntiforgery() to the endpoint.");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An endpoint of the application that cannot be built is the application's to report, at its first request as ever.")]
    private IReadOnlyList<Endpoint> BuiltEndpoints()
    {
        try
        {
            return services.GetService<EndpointDataSource>()?.Endpoints ?? [];
        }
        catch (Exception)
        {
            return [];
        }
    }
}
