using System.Collections.Concurrent;
using Microsoft.AspNetCore.Routing;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>A mapped endpoint.</summary>
internal sealed class MappedEndpoint(
    WebhookRegistration registration,
    string pattern,
    string target,
    HandledIds? handledIds,
    object? branch,
    IEnumerable<EndpointDataSource> siblings)
{
    /// <summary>The registration it belongs to.</summary>
    public WebhookRegistration Registration => registration;

    /// <summary>Its route. Once the endpoint is built, the route includes the prefixes of its groups.</summary>
    public string Pattern { get; set; } = pattern;

    /// <summary>A readable description of how its deliveries are processed.</summary>
    public string Target => target;

    /// <summary>The branch of the pipeline whose routing reaches it; null for the application's own.</summary>
    public object? Branch => branch;

    /// <summary>The endpoints that were mapped beside it; empty in a group.</summary>
    public IEnumerable<EndpointDataSource> Siblings => siblings;

    /// <summary>The deliveries that it remembers; null if it remembers none.</summary>
    public HandledIds? HandledIds => handledIds;
}

/// <summary>
/// The endpoints that the application has mapped. Only registrations with an endpoint need a secret at startup.
/// </summary>
internal sealed class MappedEndpoints
{
    private readonly ConcurrentQueue<MappedEndpoint> _endpoints = new();

    public IReadOnlyCollection<MappedEndpoint> All => _endpoints;

    public void Add(MappedEndpoint endpoint) => _endpoints.Enqueue(endpoint);

    public IReadOnlyList<MappedEndpoint> Of(WebhookRegistration registration)
        => [.. _endpoints.Where(endpoint => endpoint.Registration == registration)];
}
