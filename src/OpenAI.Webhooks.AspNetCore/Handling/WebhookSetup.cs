using Microsoft.Extensions.DependencyInjection;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Handles a delivery, and returns whether any handler ran. Services are passed as a factory, so that no scope is
/// created unless a handler needs one.
/// </summary>
internal delegate Task<bool> WebhookHandler(
    Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken);

/// <summary>The handlers, the inbox and the deduplication of one registration.</summary>
internal sealed class WebhookSetup
{
    private readonly List<(Type Event, Type Handler, IReadOnlyList<string> Types, WebhookHandler Run)> _handlers = [];

    public bool HasHandlers => _handlers.Count > 0;

    /// <summary>How long handled deliveries are remembered; null if they are not.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>The inbox that stores deliveries; null if they are handled within the request.</summary>
    public Func<IServiceProvider, IWebhookInbox>? Inbox { get; set; }

    /// <summary>Whether another process handles what this one stores.</summary>
    public bool IsReceiveOnly { get; set; }

    /// <summary>The handled event types, such as <c>response.completed</c> and <c>batch.*</c>.</summary>
    public IReadOnlyList<string> HandledTypes => [.. _handlers
        .Select(
            handler => handler.Event == typeof(UnknownWebhookEvent)
                ? "types newer than this version"
                : Describe(handler.Types))
        .Distinct()];

    /// <summary>Adds a handler. Adding it again for the same event has no effect.</summary>
    public void Add<TEvent, THandler>()
        where TEvent : WebhookEvent
        where THandler : class, IWebhookHandler<TEvent>
    {
        if (!_handlers.Any(handler => handler.Event == typeof(TEvent) && handler.Handler == typeof(THandler)))
        {
            _handlers.Add(
                (typeof(TEvent), typeof(THandler), WebhookEventTypes.Of<TEvent>(), RunAsync<TEvent, THandler>));
        }
    }

    /// <summary>Whether there is a handler for events of a type, which may be newer than this version.</summary>
    public bool Handles(string eventType)
        => _handlers.Exists(handler => WebhookEventTypes.Of<WebhookEvent>().Contains(eventType)
            ? handler.Types.Contains(eventType)
            : handler.Event.IsAssignableFrom(typeof(UnknownWebhookEvent)));

    public void ClearHandlers() => _handlers.Clear();

    /// <summary>Runs the handlers that take the event, one after the other.</summary>
    public async Task<bool> RunHandlers(
        Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        bool isTaken = false;
        foreach (var handler in _handlers)
        {
            isTaken |= await handler.Run(services, delivery, cancellationToken).ConfigureAwait(false);
        }

        return isTaken;
    }

    private static async Task<bool> RunAsync<TEvent, THandler>(
        Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken)
        where TEvent : WebhookEvent
        where THandler : class, IWebhookHandler<TEvent>
    {
        if (delivery.Event is not TEvent webhookEvent)
        {
            return false;
        }

        await services().GetRequiredService<THandler>().HandleAsync(
            webhookEvent, delivery, cancellationToken).ConfigureAwait(false);
        return true;
    }

    // If these are all the known types with a common prefix, write them as the prefix.
    private static string Describe(IReadOnlyList<string> types)
    {
        if (types.Count == 1)
        {
            return types[0];
        }

        string prefix = types.Aggregate(
            (common, type) => common[..common.Zip(type).TakeWhile(pair => pair.First == pair.Second).Count()]);
        prefix = prefix[..(prefix.LastIndexOf('.') + 1)];
        return WebhookEventTypes.Of<WebhookEvent>().Count(
            type => type.StartsWith(prefix, StringComparison.Ordinal)) == types.Count
            ? $"{prefix}*"
            : string.Join(", ", types);
    }
}
