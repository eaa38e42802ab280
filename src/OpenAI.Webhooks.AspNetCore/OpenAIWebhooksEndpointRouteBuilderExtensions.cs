using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
        var setups = services.GetRequiredService<IOptionsMonitor<WebhookSetup>>();
        var setup = setups.Get(registration.Name);
        bool usesInboxes =
            services.GetServices<WebhookRegistration>().Any(other => setups.Get(other.Name).Inbox is not null);
        var isService = services.GetService<IServiceProviderIsService>();
        if (ConflictOf(setup, registration, hasDelegate: handler is not null, usesInboxes, isService) is { } conflict)
        {
            throw new InvalidOperationException($"{caller}: {conflict}");
        }

        string target = handler is not null ? "a delegate handles every event"
            : setup.Inbox is null ? $"handled types: {string.Join(", ", setup.HandledTypes)}"
            : !setup.HasHandlers || setup.IsReceiveOnly ? "stored in the inbox, for another process to handle"
            : $"stored in the inbox, then handled: {string.Join(", ", setup.HandledTypes)}";
        HandledIds? handledIds = setup.Retention is { } retention ? Remember(services, registration, retention) : null;
        var mapped = new MappedEndpoint(registration, pattern, target, handledIds, BranchOf(endpoints));
        services.GetRequiredService<MappedEndpoints>().Add(mapped);
        var endpoint = CreateEndpoint(services, registration, setup, handler, handledIds);
        var conventions = endpoints.MapPost(pattern, endpoint.HandleAsync).WithMetadata(mapped);
        conventions.Finally(
            builder => mapped.Pattern = (builder as RouteEndpointBuilder)?.RoutePattern.RawText ?? pattern);
        return conventions;
    }

    // UseRouting leaves its routes here. A group has no pipeline of its own.
    private static object? BranchOf(IEndpointRouteBuilder endpoints)
        => endpoints.CreateApplicationBuilder().Properties.TryGetValue("__EndpointRouteBuilder", out object? branch)
            ? branch
            : null;

    private static HandledIds Remember(IServiceProvider services, WebhookRegistration registration, TimeSpan retention)
        => services.GetService<IDistributedCache>() is { } cache
            ? new CachedHandledIds(
                cache,
                $"openai-webhooks:{registration.Name}",
                retention,
                services.GetRequiredService<ILogger<WebhookEndpoint>>())
            : new InProcessHandledIds(retention, services.GetService<TimeProvider>() ?? TimeProvider.System);

    private static string? ConflictOf(
        WebhookSetup setup,
        WebhookRegistration registration,
        bool hasDelegate,
        bool usesInboxes,
        IServiceProviderIsService? registered)
    {
        string call = registration.AddCall;
        return !usesInboxes && registered?.IsService(typeof(IWebhookInbox)) == true
                ? "an IWebhookInbox is registered as a service, but nothing uses it. Add it with "
                    + $"{call}.AddInbox<TInbox>() instead."
            : !hasDelegate && !setup.HasHandlers && registered?.IsService(typeof(IWebhookHandler<WebhookEvent>)) == true
                ? "an IWebhookHandler<WebhookEvent> is registered as a service, but nothing uses it. Add it with "
                    + $"{call}.AddHandler<WebhookEvent, THandler>() instead."
            : hasDelegate && setup.Inbox is not null
                ? $"the delegate would replace the inbox of {call}, and nothing would be stored. Remove the delegate "
                    + $"and add handlers with {call}.AddHandler<TEvent, THandler>(), or give this endpoint its own "
                    + "registration with AddOpenAIWebhooks(name)."
            : hasDelegate && setup.HasHandlers
                ? $"the delegate would replace the handlers of {call}, and they would never run. Remove the delegate, "
                    + "or give this endpoint its own registration with AddOpenAIWebhooks(name)."
            : hasDelegate && setup.IsReceiveOnly
                ? $"{call}.ReceiveOnly() means that another process handles the deliveries, but there is no inbox to "
                    + "store them in. Replace the delegate with an inbox, or remove ReceiveOnly()."
            : hasDelegate
                ? null
            : setup.Inbox is null && setup.IsReceiveOnly
                ? $"{call}.ReceiveOnly() means that another process handles the deliveries, but there is no inbox to "
                    + $"store them in. Add one with {call}.AddInbox<TInbox>()."
            : setup.Inbox is null && !setup.HasHandlers
                ? $"the endpoint has no handler. Add one with {call}.AddHandler<TEvent, THandler>(), or pass a "
                    + "delegate."
            : setup.Inbox is not null && !setup.HasHandlers && !setup.IsReceiveOnly
                ? "the endpoint would store deliveries that no handler processes. Add a handler with "
                    + $"{call}.AddHandler<TEvent, THandler>(). If another process handles them, call "
                    + $"{call}.ReceiveOnly()."
            : setup.Inbox is not null && setup.Retention is not null
                ? $"{call}.AddDeduplication() has no effect with an inbox, because the inbox recognizes copies itself. "
                    + "Remove one of them."
            : null;
    }

    private static WebhookEndpoint CreateEndpoint(
        IServiceProvider services,
        WebhookRegistration registration,
        WebhookSetup setup,
        WebhookHandler? handler,
        HandledIds? handledIds)
    {
        var deadline = services.GetRequiredService<ShutdownDeadline>();
        var telemetry = services.GetRequiredService<WebhookTelemetry>();
        var timeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = services.GetRequiredService<ILogger<WebhookEndpoint>>();
        WebhookReceiver receiver = setup.Inbox is { } inbox
            ? new StoringReceiver(
                registration,
                services.GetRequiredService<MappedEndpoints>(),
                inbox,
                deadline,
                telemetry,
                timeProvider,
                logger)
            : new HandlingReceiver(
                handler ?? setup.RunHandlers,
                handledIds,
                deadline,
                services.GetRequiredService<WebhookRunner>(),
                telemetry,
                logger);
        return new(
            registration,
            receiver,
            services.GetRequiredService<CurrentVerifiers>(),
            services.GetRequiredService<RequestRecorder>(),
            telemetry,
            logger,
            timeProvider);
    }
}
