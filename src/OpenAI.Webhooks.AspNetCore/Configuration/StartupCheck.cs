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
/// Prevents the host from starting if a mapped endpoint has no usable secret. Logs what each endpoint handles, and
/// warns about settings that would block deliveries.
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

    // The older WebHost (before the generic host) calls only this method.
    public Task StartAsync(CancellationToken cancellationToken)
        => _hasLifecycle ? Task.CompletedTask : StartedAsync(cancellationToken);

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        // Checked again: an application with a Startup class maps its endpoints only while the server starts.
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

    // The build-time OpenAPI tool starts the application in an environment without secrets.
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
            verifiers.Get(registration);
        }
        catch (OptionsValidationException exception)
        {
            logger.CannotUnwrap(registration.AddCall, exception.Message);
        }
    }

    private async Task CheckEndpointsAsync()
    {
        var built = BuiltEndpoints().Where(
            endpoint => endpoint.Metadata.GetMetadata<MappedEndpoint>() is not null).ToList();
        foreach (var endpoint in mapped.All)
        {
            logger.Mapped(endpoint.Pattern, endpoint.Target);
            endpoint.HandledIds?.Connect();
        }

        new AmbiguousRoutes(services.GetServices<MatcherPolicy>()).Refuse([.. built.OfType<RouteEndpoint>()]);
        bool hasFallback = await HasFallbackPolicyAsync().ConfigureAwait(false);
        foreach (var endpoint in built)
        {
            WarnOfRules(endpoint, hasFallback);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A policy provider may fail because there is no request here. "
        + "That must not prevent the host from starting.")]
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
        bool hasPolicy = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null;
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null && (hasPolicy || hasFallback))
        {
            logger.MayBeRejected(pattern, hasPolicy
                ? "the endpoint requires authorization, but OpenAI does not log in. Unless the policy admits OpenAI, "
                    + "add .AllowAnonymous() to the endpoint; the signature is the authentication."
                : "the application has a fallback authorization policy, but OpenAI does not log in. Unless the policy "
                    + "admits OpenAI, add .AllowAnonymous() to the endpoint; the signature is the authentication.");
        }

        if (endpoint.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true })
        {
            logger.MayBeRejected(
                pattern,
                "the endpoint requires an antiforgery token, but OpenAI does not send one. Add .DisableAntiforgery() "
                + "to the endpoint.");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "If an endpoint of the application cannot be built, the "
        + "application reports it at the first request, as usual.")]
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
