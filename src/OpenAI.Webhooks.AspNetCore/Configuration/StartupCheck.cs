using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Keeps the host from starting with a mapped endpoint that has no usable secret. Logs what each endpoint handles, and warns
/// of rules of the application that would reject OpenAI's requests.
/// </summary>
internal sealed class StartupCheck(
    CurrentVerifiers verifiers, MappedEndpoints mapped, IServiceProvider services, ILogger<StartupCheck> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        RequireSecrets();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        // Again, because an application with a Startup class maps its endpoints only while the server starts.
        RequireSecrets();
        foreach (var endpoint in mapped.All)
        {
            logger.Mapped(endpoint.Pattern, endpoint.Target);
        }

        if (mapped.All.Count > 0)
        {
            await WarnOfRulesAsync().ConfigureAwait(false);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void RequireSecrets()
    {
        // The tool that makes OpenAPI documents at build time starts the application, where no secrets are.
        if (Assembly.GetEntryAssembly()?.GetName().Name == "GetDocument.Insider")
        {
            return;
        }

        foreach (var endpoint in mapped.All)
        {
            verifiers.Get(endpoint.Registration);
        }
    }

    private async Task WarnOfRulesAsync()
    {
        var fallback = services.GetService<IAuthorizationPolicyProvider>() is { } policies
            ? await policies.GetFallbackPolicyAsync().ConfigureAwait(false)
            : null;
        foreach (var endpoint in BuiltEndpoints())
        {
            if (endpoint.Metadata.GetMetadata<MappedEndpoint>() is not { } webhooks)
            {
                continue;
            }

            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            {
                if (endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null)
                {
                    logger.WillBeRejected(webhooks.Pattern, "the endpoint requires authorization, and OpenAI has no account. Add .AllowAnonymous() to the endpoint; the signature is the authentication.");
                }
                else if (fallback is not null)
                {
                    logger.WillBeRejected(webhooks.Pattern, "the application has a fallback authorization policy, and OpenAI has no account. Add .AllowAnonymous() to the endpoint; the signature is the authentication.");
                }
            }

            if (endpoint.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true })
            {
                logger.WillBeRejected(webhooks.Pattern, "the endpoint requires an antiforgery token, and OpenAI has none. Add .DisableAntiforgery() to the endpoint.");
            }
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
