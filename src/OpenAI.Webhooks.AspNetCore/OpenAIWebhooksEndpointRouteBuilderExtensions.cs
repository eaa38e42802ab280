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
    /// Maps an endpoint that verifies OpenAI's deliveries and hands each to a delegate. The response is 200 once the
    /// delegate has finished, 400 if the request is not authentic or not an event, 413 if its body is over the limit,
    /// and 500 if the delegate throws, so that OpenAI retries. Exceptions from the delegate are logged and not
    /// rethrown, so the application's error page is never sent to OpenAI.
    /// </summary>
    /// <example>
    /// <code>
    /// app.MapOpenAIWebhooks("/webhooks/openai", async (WebhookDelivery delivery, CancellationToken cancellationToken)
    /// =&gt; {
    ///     if (delivery.Event is ResponseCompletedWebhookEvent completed)
    ///     {
    ///         await FetchAsync(completed.Data.Id, cancellationToken);
    ///     }
    /// });
    /// </code>
    /// </example>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">
    /// Handles a delivery. Must not be null. Copies that arrive while it runs wait and get the same response. The token
    /// is cancelled by the application's own request timeout, or when the host's shutdown deadline passes; not when the
    /// client disconnects. A <see cref="PermanentWebhookFailureException"/> says that no retry can help.
    /// </param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name; or it has handlers or an inbox, which the
    /// delegate would replace.
    /// </exception>
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

    /// <summary>
    /// Maps an endpoint that hands each delivery to a delegate, together with a service of its scope. Everything
    /// else is as for a delegate without services.
    /// </summary>
    /// <example>
    /// <code>
    /// app.MapOpenAIWebhooks("/webhooks/openai", async (
    ///     WebhookDelivery delivery, Orders orders, CancellationToken cancellationToken) =&gt;
    ///     await orders.TakeAsync(delivery.Event, cancellationToken));
    /// </code>
    /// </example>
    /// <typeparam name="TService">The service.</typeparam>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">Handles a delivery, as for a delegate without services. Must not be null.</param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A service is not registered, or as for a delegate without services.
    /// </exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks<TService>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<WebhookDelivery, TService, CancellationToken, Task> handler,
        string? name = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(handler);
        RequireService<TService>(endpoints, pattern);
        return Map(endpoints, pattern, name, async (services, delivery, cancellationToken) =>
        {
            await handler(delivery, services().GetRequiredService<TService>(), cancellationToken).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>
    /// Maps an endpoint that hands each delivery to a delegate, together with two services of its scope. Everything
    /// else is as for a delegate without services.
    /// </summary>
    /// <example>
    /// <code>
    /// app.MapOpenAIWebhooks("/webhooks/openai", async (
    ///     WebhookDelivery delivery, Orders orders, Mail mail, CancellationToken cancellationToken) =&gt;
    ///     await orders.TakeAsync(delivery.Event, cancellationToken));
    /// </code>
    /// </example>
    /// <typeparam name="TService1">The first service.</typeparam>
    /// <typeparam name="TService2">The second service.</typeparam>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="handler">Handles a delivery, as for a delegate without services. Must not be null.</param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A service is not registered, or as for a delegate without services.
    /// </exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks<TService1, TService2>(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        Func<WebhookDelivery, TService1, TService2, CancellationToken, Task> handler,
        string? name = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(handler);
        RequireService<TService1>(endpoints, pattern);
        RequireService<TService2>(endpoints, pattern);
        return Map(endpoints, pattern, name, async (services, delivery, cancellationToken) =>
        {
            var provider = services();
            await handler(
                delivery,
                provider.GetRequiredService<TService1>(),
                provider.GetRequiredService<TService2>(),
                cancellationToken).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>
    /// Maps an endpoint that verifies OpenAI's deliveries and hands each to the handlers of its event that were added
    /// with <see cref="OpenAIWebhooksBuilder.AddHandler{TEvent, THandler}"/>, or stores it in the inbox that was added
    /// with <see cref="OpenAIWebhooksBuilder.AddInbox{TInbox}"/>. The responses are those of an endpoint with a
    /// delegate, and 503 if the inbox throws.
    /// </summary>
    /// <param name="endpoints">The application's routes. Must not be null.</param>
    /// <param name="pattern">The path, such as <c>/webhooks/openai</c>. Must not be null.</param>
    /// <param name="name">The name passed to <c>AddOpenAIWebhooks</c>; null if it was called without a name.</param>
    /// <returns>A builder for the endpoint's conventions, such as <c>AllowAnonymous()</c> or rate limits.</returns>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="pattern"/> or <paramref name="name"/> is a webhook secret.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called, or not with this name; or no handler was added; or the registered parts
    /// conflict. The message says what to change.
    /// </exception>
    public static IEndpointConventionBuilder MapOpenAIWebhooks(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern,
        string? name = null)
        => Map(endpoints, pattern, name, handler: null);

    private static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder endpoints, string pattern, string? name, WebhookHandler? handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        WebhookRegistration.RefuseSecret(pattern, nameof(pattern));

        var services = endpoints.ServiceProvider;
        string caller = $"MapOpenAIWebhooks(\"{pattern}\")";
        var registration = WebhookRegistration.Find(services.GetServices<WebhookRegistration>(), name, caller);
        var setup = services.GetRequiredService<IOptionsMonitor<WebhookSetup>>().Get(registration.Name);
        var (endpoint, handledIds) = WebhookEndpointFactory.Create(services, registration, setup, handler, caller);
        string target = handler is not null ? "a delegate handles every event"
            : setup.Inbox is null ? $"handled types: {string.Join(", ", setup.HandledTypes)}"
            : !setup.HasHandlers || setup.IsReceiveOnly ? "stored in the inbox, for another process to handle"
            : $"stored in the inbox, then handled: {string.Join(", ", setup.HandledTypes)}";

        // To build the endpoints of a group alone would give them routes without its prefix.
        var siblings = endpoints is RouteGroupBuilder ? [] : endpoints.DataSources;
        var mapped = new MappedEndpoint(registration, pattern, target, handledIds, BranchOf(endpoints), siblings);
        services.GetRequiredService<MappedEndpoints>().Add(mapped);
        var conventions = endpoints.MapPost(pattern, endpoint.HandleAsync).WithMetadata(mapped);
        conventions.Finally(
            builder => mapped.Pattern = (builder as RouteEndpointBuilder)?.RoutePattern.RawText ?? pattern);
        return conventions;
    }

    private static void RequireService<TService>(IEndpointRouteBuilder endpoints, string pattern)
    {
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(TService)) == false)
        {
            throw new InvalidOperationException($"MapOpenAIWebhooks(\"{pattern}\"): the delegate takes a "
                + $"{typeof(TService).Name}, which is not registered as a service. Register it before the application "
                + "is built.");
        }
    }

    // UseRouting leaves its routes here. A group has no pipeline of its own.
    private static object? BranchOf(IEndpointRouteBuilder endpoints)
        => endpoints.CreateApplicationBuilder().Properties.TryGetValue("__EndpointRouteBuilder", out object? branch)
            ? branch
            : null;
}
