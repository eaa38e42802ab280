using System.Collections.Concurrent;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>A mapped endpoint.</summary>
/// <param name="Registration">The registration it belongs to.</param>
/// <param name="Pattern">Its route.</param>
/// <param name="Target">What becomes of its deliveries, for people.</param>
internal sealed record MappedEndpoint(WebhookRegistration Registration, string Pattern, string Target);

/// <summary>The endpoints that the application has mapped. Only they need a secret at start.</summary>
internal sealed class MappedEndpoints
{
    private readonly ConcurrentQueue<MappedEndpoint> _endpoints = new();

    public IReadOnlyCollection<MappedEndpoint> All => _endpoints;

    public void Add(MappedEndpoint endpoint) => _endpoints.Enqueue(endpoint);
}
