using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Adds to what <c>AddOpenAIWebhooks</c> registered.</summary>
public sealed class OpenAIWebhooksBuilder
{
    internal OpenAIWebhooksBuilder(IServiceCollection services, string name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The name of the options, which is empty unless one was given.</summary>
    public string Name { get; }

    /// <summary>
    /// Adds a handler for the endpoints that are mapped without a delegate. All handlers of an event run, one after the
    /// other in the order they were added; the first that throws is the last that runs.
    /// </summary>
    /// <typeparam name="TEvent">The event's record, its family's, or <see cref="WebhookEvent"/>.</typeparam>
    /// <typeparam name="THandler">The handler. It is registered as scoped, unless it is registered already.</typeparam>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder AddHandler<
        TEvent,
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>()
        where TEvent : WebhookEvent
        where THandler : class, IWebhookHandler<TEvent>
    {
        Services.TryAddScoped<THandler>();
        Services.Configure<WebhookPipeline>(Name, pipeline => pipeline.Handlers.Add((context, delivery, cancellationToken) =>
            delivery.Event is TEvent webhookEvent
                ? context.RequestServices.GetRequiredService<THandler>().HandleAsync(webhookEvent, delivery, cancellationToken)
                : Task.CompletedTask));
        return this;
    }

    /// <summary>
    /// Remembers the webhook ids of handled deliveries in the application's <see cref="IDistributedCache"/>, so that a
    /// repeated delivery is answered 200 and not handled again. The cache is in memory unless the application registers
    /// another. A delivery that failed is not remembered; one that comes twice at the same moment may be handled twice.
    /// </summary>
    /// <param name="retention">How long; 4 days by default, for OpenAI tries for 3.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retention"/> is not positive.</exception>
    public OpenAIWebhooksBuilder AddDeduplication(TimeSpan? retention = null)
    {
        var remembered = retention ?? TimeSpan.FromDays(4);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(remembered, TimeSpan.Zero, nameof(retention));
        Services.AddDistributedMemoryCache();
        Services.Configure<WebhookPipeline>(Name, pipeline => pipeline.Retention = remembered);
        return this;
    }
}
