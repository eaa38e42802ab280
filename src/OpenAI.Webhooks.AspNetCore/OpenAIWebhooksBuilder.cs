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
    /// Adds a handler for the endpoints that are mapped without a delegate, and for the <see cref="WebhookDispatcher"/>.
    /// All handlers of an event run, one after the other in the order they were added; the first that throws is the last
    /// that runs. One that is added twice for the same event runs once.
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
        Services.Configure<WebhookPipeline>(Name, pipeline => pipeline.Add<TEvent, THandler>());
        return this;
    }

    /// <summary>
    /// Makes the endpoints that are mapped without a delegate store each authentic delivery and answer, instead of
    /// handling it. The handlers run when the <see cref="WebhookDispatcher"/> is handed what the inbox holds.
    /// </summary>
    /// <typeparam name="TInbox">The inbox. It is registered as scoped, unless it is registered already.</typeparam>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder AddInbox<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TInbox>()
        where TInbox : class, IWebhookInbox
    {
        Services.TryAddScoped<TInbox>();
        return AddInbox(services => services.GetRequiredService<TInbox>());
    }

    /// <summary>As <see cref="AddInbox{TInbox}"/>, with an inbox that is made from the request's services.</summary>
    /// <param name="inbox">Gives the inbox for a delivery. Must not be null.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inbox"/> is null.</exception>
    public OpenAIWebhooksBuilder AddInbox(Func<IServiceProvider, IWebhookInbox> inbox)
    {
        ArgumentNullException.ThrowIfNull(inbox);
        Services.Configure<WebhookPipeline>(Name, pipeline => pipeline.Inbox = inbox);
        return this;
    }

    /// <summary>
    /// Remembers the webhook ids that an endpoint has handled, so that a repeated delivery is answered 200 and not handled
    /// again: in the application's <see cref="IDistributedCache"/>, or, where it has none, in this process: the last
    /// 100,000 ids, in about 10 MB, of which the oldest is forgotten first. A delivery that failed is not remembered. A
    /// cache that does not answer within half a second counts as empty. Two machines that are delivered the same at the
    /// same moment may both handle it; within one process that does not happen.
    /// </summary>
    /// <param name="retention">How long; 4 days by default, for OpenAI tries for 3.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retention"/> is not positive.</exception>
    public OpenAIWebhooksBuilder AddDeduplication(TimeSpan? retention = null)
    {
        var remembered = retention ?? TimeSpan.FromDays(4);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(remembered, TimeSpan.Zero, nameof(retention));
        Services.Configure<WebhookPipeline>(Name, pipeline => pipeline.Retention = remembered);
        return this;
    }
}
