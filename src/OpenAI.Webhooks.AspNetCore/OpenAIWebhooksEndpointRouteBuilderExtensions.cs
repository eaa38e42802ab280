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
    /// delegate throws, so that OpenAI delivers again. What it throws is logged and goes no further: the answer is for
    /// OpenAI, and an application's error page is not.
    /// </summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">
    /// Handles a delivery. Must not be null. Copies of one that arrive meanwhile wait, and are answered alike. Its token is
    /// cancelled when the application's own request timeout says so, or the host's shutdown deadline passes; not when the
    /// sender leaves.
    /// </param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called, or not with this name.</exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<WebhookDelivery, CancellationToken, Task> handler,
        string? name = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, name, async (_, delivery, cancellationToken) =>
        {
            await handler(delivery, cancellationToken).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>Maps an endpoint as the one with a delegate, which is handed the services of the request's scope as well.</summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">Handles a delivery, with the services of the request's scope. Must not be null.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called, or not with this name.</exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<WebhookDelivery, IServiceProvider, CancellationToken, Task> handler,
        string? name = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(endpoints, pattern, name, async (services, delivery, cancellationToken) =>
        {
            await handler(delivery, services(), cancellationToken).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>
    /// Maps an endpoint that verifies OpenAI's deliveries and hands each to the handlers of its event that were added
    /// with <see cref="OpenAIWebhooksBuilder.AddHandler{TEvent, THandler}"/>, or stores it in the inbox that was added with
    /// <see cref="OpenAIWebhooksBuilder.AddInbox{TInbox}"/>. It answers as the one with a delegate does, and 503 when the
    /// inbox throws.
    /// </summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="name">The name of the options; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">An argument is null that must not be.</exception>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name; or neither a handler nor an inbox was added.
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
        WebhookRegistration.RefuseSecret(pattern, nameof(pattern));

        var services = endpoints.ServiceProvider;
        string caller = $"MapOpenAIWebhooks(\"{pattern}\")";
        var registration = WebhookRegistration.Find(services.GetServices<WebhookRegistration>(), name, caller);
        var pipeline = services.GetRequiredService<IOptionsMonitor<WebhookPipeline>>().Get(registration.Name);
        if (handler is null && !pipeline.HasHandlers && pipeline.Inbox is null)
        {
            throw new InvalidOperationException(
                $"{caller} has nobody to hand deliveries to. Add a handler with {registration.AddCall}.AddHandler<TEvent, THandler>(), or pass a delegate.");
        }

        var inbox = handler is null ? pipeline.Inbox : null;
        var endpoint = ActivatorUtilities.CreateInstance<WebhookEndpoint>(services, registration, new WebhookTarget(handler ?? pipeline.RunHandlers, inbox, pipeline.AddEndpoint(pattern)));
        return endpoints.MapPost(pattern, endpoint.HandleAsync);
    }
}
