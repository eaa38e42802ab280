using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.AspNetCore.Routing.Patterns;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Finds endpoints that match the same requests as a webhook endpoint. Routing would respond to each delivery with 500.
/// </summary>
internal sealed class AmbiguousRoutes(IEnumerable<MatcherPolicy> policies)
{
    // Methods and hosts are compared here. What others look at is not known.
    private readonly List<MatcherPolicy> _otherPolicies =
        [.. policies.Where(policy => policy is not (HttpMethodMatcherPolicy or HostMatcherPolicy))];

    /// <summary>Refuses endpoints that routing cannot tell apart.</summary>
    /// <param name="webhooks">All webhook endpoints.</param>
    /// <exception cref="InvalidOperationException">There are some. The message names them.</exception>
    public void Refuse(IEnumerable<RouteEndpoint> webhooks)
    {
        foreach (var route in webhooks)
        {
            var mapped = MappedAs(route)!;
            var others = webhooks
                .Where(other => MappedAs(other) is { } it && it != mapped && it.Branch == mapped.Branch)
                .Concat(mapped.Siblings.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(
                    other => MappedAs(other) is null));
            var same = others.Where(other => AreAmbiguous(route, other)).Prepend(route).ToList();
            if (same.Count > 1)
            {
                string patterns = string.Join(
                    " and ", same.Select(endpoint => $"POST /{endpoint.RoutePattern.RawText?.Trim('/')}"));
                throw new InvalidOperationException(
                    $"Several endpoints match the same requests: {patterns}. Routing cannot choose between them, and "
                    + "would respond to every delivery with 500. Map each endpoint to its own path, or tell them "
                    + "apart, for example with RequireHost.");
            }
        }
    }

    private static MappedEndpoint? MappedAs(Endpoint endpoint) => endpoint.Metadata.GetMetadata<MappedEndpoint>();

    // An endpoint for all methods only gets what no other takes.
    private static bool TakesPost(Endpoint endpoint)
        => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(
            HttpMethods.Post, StringComparer.OrdinalIgnoreCase) == true;

    private bool AreAmbiguous(RouteEndpoint webhooks, RouteEndpoint other)
        => webhooks.Order == other.Order
            && TextOf(webhooks.RoutePattern) == TextOf(other.RoutePattern)
            && TakesPost(other)
            && HaveCommonHost(HostsOf(webhooks), HostsOf(other))
            && !_otherPolicies.Exists(policy => policy switch
            {
                INodeBuilderPolicy node => node.AppliesToEndpoints([webhooks, other]),
                IEndpointSelectorPolicy selector => selector.AppliesToEndpoints([webhooks, other]),
                _ => false,
            });

    private static IReadOnlyList<string> HostsOf(Endpoint endpoint)
        => endpoint.Metadata.GetMetadata<IHostMetadata>()?.Hosts ?? [];

    private static bool HaveCommonHost(IReadOnlyList<string> hosts, IReadOnlyList<string> others)
        => hosts.Count + others.Count == 0
            || hosts.Intersect(others, StringComparer.OrdinalIgnoreCase).Any();

    // What a route matches does not depend on the names of its parameters.
    private static string TextOf(RoutePattern pattern)
        => string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(TextOf))));

    private static string TextOf(RoutePatternPart part)
        => part switch
        {
            RoutePatternParameterPart parameter =>
                $"{{{parameter.ParameterKind}{string.Concat(parameter.ParameterPolicies.Select(TextOf))}}}",
            RoutePatternLiteralPart literal => literal.Content.ToUpperInvariant(),
            RoutePatternSeparatorPart separator => separator.Content,
            _ => "",
        };

    private static string TextOf(RoutePatternParameterPolicyReference policy)
        => $":{policy.Content ?? policy.ParameterPolicy?.ToString()}";
}
