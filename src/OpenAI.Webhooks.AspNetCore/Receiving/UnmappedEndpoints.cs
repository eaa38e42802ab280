using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>The endpoints of requests that reach the application in another way: one for each registration.</summary>
internal sealed class UnmappedEndpoints(IServiceProvider services)
{
    private readonly ConcurrentDictionary<WebhookRegistration, Lazy<WebhookEndpoint>> _endpoints = new();

    /// <exception cref="InvalidOperationException">The registered parts conflict.</exception>
    public WebhookEndpoint Get(WebhookRegistration registration, string caller)
        => _endpoints.GetOrAdd(registration, _ => new(() =>
        {
            var setup = services.GetRequiredService<IOptionsMonitor<WebhookSetup>>().Get(registration.Name);
            return WebhookEndpointFactory.Create(services, registration, setup, handler: null, caller).Endpoint;
        })).Value;
}
