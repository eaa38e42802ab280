using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks;
using OpenAI.Webhooks.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints for OpenAI webhooks.</summary>
public static class OpenAIWebhooksEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps an endpoint that verifies OpenAI's deliveries and hands each to a delegate. It answers 200 when the delegate
    /// has finished, 400 to what is not authentic or not an event, 413 to a body over the limit, and 500 when the
    /// delegate throws, so that OpenAI delivers again.
    /// </summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">Handles a delivery. Must not be null. Its token is cancelled when the sender gives up.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called, or not with this name.</exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<WebhookDelivery, CancellationToken, Task> handler,
        string? name = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, name, (_, delivery, cancellationToken) => handler(delivery, cancellationToken));
    }

    /// <summary>
    /// Maps an endpoint that verifies OpenAI's deliveries and hands each to the handlers of its event that were added
    /// with <see cref="OpenAIWebhooksBuilder.AddHandler{TEvent, THandler}"/>. It answers as the one with a delegate does.
    /// </summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name; or no handler was added.
    /// </exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        string? name = null)
        => Map(endpoints, pattern, name, handler: null);

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern, string? name, WebhookHandler? handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);

        var services = endpoints.ServiceProvider;
        var registration = new WebhookRegistration(name ?? Options.DefaultName);
        if (!services.GetServices<WebhookRegistration>().Contains(registration))
        {
            throw new InvalidOperationException(
                $"MapOpenAIWebhooks(\"{pattern}\") needs services that are not registered. Call {registration.AddCall} before the application is built.");
        }

        var pipeline = services.GetRequiredService<IOptionsMonitor<WebhookPipeline>>().Get(registration.Name);
        if (handler is null && pipeline.Handlers.Count == 0)
        {
            throw new InvalidOperationException(
                $"MapOpenAIWebhooks(\"{pattern}\") has nobody to hand deliveries to. Add a handler with {registration.AddCall}.AddHandler<TEvent, THandler>(), or pass a delegate.");
        }

        var endpoint = ActivatorUtilities.CreateInstance<WebhookEndpoint>(services, registration, handler ?? pipeline.RunHandlers);
        return endpoints.MapPost(pattern, endpoint.HandleAsync);
    }
}
