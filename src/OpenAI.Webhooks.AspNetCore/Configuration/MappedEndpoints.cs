using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>A mapped endpoint.</summary>
internal sealed class MappedEndpoint(WebhookRegistration registration, string pattern, string target)
{
    /// <summary>The registration it belongs to.</summary>
    public WebhookRegistration Registration => registration;

    /// <summary>Its route; with the prefixes of its groups once the endpoint is built.</summary>
    public string Pattern { get; set; } = pattern;

    /// <summary>What becomes of its deliveries, for people.</summary>
    public string Target => target;
}

/// <summary>The endpoints that the application has mapped. Only they need a secret at start.</summary>
internal sealed class MappedEndpoints
{
    private readonly ConcurrentQueue<MappedEndpoint> _endpoints = new();

    public IReadOnlyCollection<MappedEndpoint> All => _endpoints;

    public void Add(MappedEndpoint endpoint) => _endpoints.Enqueue(endpoint);

    public IReadOnlyList<MappedEndpoint> Of(WebhookRegistration registration) => [.. _endpoints.Where(endpoint => endpoint.Registration == registration)];
}
