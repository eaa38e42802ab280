using Microsoft.Extensions.DependencyInjection;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Handles a delivery, and tells whether anybody wanted it. The services are asked for and not given, because those of a
/// request come into being, scope and all, when they are first asked for.
/// </summary>
internal delegate Task<bool> WebhookHandler(Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken);

/// <summary>Where an endpoint's deliveries go: into the inbox where there is one, to the handler otherwise.</summary>
/// <param name="Handler">What handles them.</param>
/// <param name="Inbox">What stores them.</param>
/// <param name="Suffix">What tells the endpoint from others of its name and route; empty for the first.</param>
internal sealed record WebhookTarget(WebhookHandler Handler, Func<IServiceProvider, IWebhookInbox>? Inbox, string Suffix);

/// <summary>What the application's code adds to its endpoints, by the name of their options.</summary>
internal sealed class WebhookPipeline
{
    private readonly List<(Type Event, Type Handler, WebhookHandler Run)> _handlers = [];

    private readonly Dictionary<string, int> _endpoints = new(StringComparer.Ordinal);

    public bool HasHandlers => _handlers.Count > 0;

    /// <summary>How long handled deliveries are remembered; null where they are not.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>Where deliveries are stored instead of handled; null where they are handled.</summary>
    public Func<IServiceProvider, IWebhookInbox>? Inbox { get; set; }

    /// <summary>Counts an endpoint, and gives what tells it from those of the same pattern that were mapped before it.</summary>
    public string AddEndpoint(string pattern)
    {
        int number = _endpoints[pattern] = _endpoints.GetValueOrDefault(pattern) + 1;
        return number == 1 ? "" : $"#{number}";
    }

    /// <summary>Adds a handler, once however often it is added for the same event.</summary>
    public void Add<TEvent, THandler>()
        where TEvent : WebhookEvent
        where THandler : class, IWebhookHandler<TEvent>
    {
        if (!_handlers.Any(handler => handler.Event == typeof(TEvent) && handler.Handler == typeof(THandler)))
        {
            _handlers.Add((typeof(TEvent), typeof(THandler), RunAsync<TEvent, THandler>));
        }
    }

    /// <summary>Runs the handlers that want the event, one after the other.</summary>
    public async Task<bool> RunHandlers(Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        bool isWanted = false;
        foreach (var handler in _handlers)
        {
            isWanted |= await handler.Run(services, delivery, cancellationToken).ConfigureAwait(false);
        }

        return isWanted;
    }

    private static async Task<bool> RunAsync<TEvent, THandler>(Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken cancellationToken)
        where TEvent : WebhookEvent
        where THandler : class, IWebhookHandler<TEvent>
    {
        if (delivery.Event is not TEvent webhookEvent)
        {
            return false;
        }

        await services().GetRequiredService<THandler>().HandleAsync(webhookEvent, delivery, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
