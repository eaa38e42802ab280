using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Creates endpoints, and rejects registrations whose parts conflict.</summary>
internal static class WebhookEndpointFactory
{
    /// <summary>Creates an endpoint.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="registration">What it verifies with.</param>
    /// <param name="setup">The registration's handlers, inbox and deduplication.</param>
    /// <param name="handler">Handles each delivery; null for the registered handlers or the inbox.</param>
    /// <param name="caller">The call that needs it, for exceptions.</param>
    /// <returns>The endpoint, and the deliveries that it remembers; null if it remembers none.</returns>
    /// <exception cref="InvalidOperationException">The registered parts conflict.</exception>
    public static (WebhookEndpoint Endpoint, HandledIds? HandledIds) Create(
        IServiceProvider services,
        WebhookRegistration registration,
        WebhookSetup setup,
        WebhookHandler? handler,
        string caller)
    {
        var setups = services.GetRequiredService<IOptionsMonitor<WebhookSetup>>();
        bool usesInboxes =
            services.GetServices<WebhookRegistration>().Any(other => setups.Get(other.Name).Inbox is not null);
        var isService = services.GetService<IServiceProviderIsService>();
        if (ConflictOf(setup, registration, hasDelegate: handler is not null, usesInboxes, isService) is { } conflict)
        {
            throw new InvalidOperationException($"{caller}: {conflict}");
        }

        HandledIds? handledIds = setup.Retention is { } retention ? Remember(services, registration, retention) : null;
        return (Create(services, registration, setup, handler, handledIds), handledIds);
    }

    private static HandledIds Remember(IServiceProvider services, WebhookRegistration registration, TimeSpan retention)
        => services.GetService<IDistributedCache>() is { } cache
            ? new CachedHandledIds(
                cache,
                $"openai-webhooks:{registration.Name}",
                retention,
                new SafeLogger(services.GetRequiredService<ILogger<WebhookEndpoint>>()))
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

    private static WebhookEndpoint Create(
        IServiceProvider services,
        WebhookRegistration registration,
        WebhookSetup setup,
        WebhookHandler? handler,
        HandledIds? handledIds)
    {
        var deadline = services.GetRequiredService<ShutdownDeadline>();
        var telemetry = services.GetRequiredService<WebhookTelemetry>();
        var timeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = new SafeLogger(services.GetRequiredService<ILogger<WebhookEndpoint>>());
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
