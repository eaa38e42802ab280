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
    /// Adds a handler for endpoints that are mapped without a delegate, and for the <see cref="WebhookDispatcher"/>. All
    /// handlers of an event run, one after the other, in the order they were added. If one throws, the handlers after it do
    /// not run, and the next attempt runs all of them again. A handler that is added twice for the same event runs once.
    /// </summary>
    /// <example>
    /// <code>
    /// builder.Services.AddOpenAIWebhooks()
    ///     .AddHandler&lt;ResponseCompletedWebhookEvent, FetchResponse&gt;()    // one event
    ///     .AddHandler&lt;BatchWebhookEvent, ImportBatch&gt;();                 // a family: batch.*
    /// </code>
    /// </example>
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
        return Configure(setup => setup.Add<TEvent, THandler>());
    }

    /// <summary>
    /// Removes the handlers that were added before, such as those of an application under test, so that others can be added.
    /// </summary>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder ClearHandlers() => Configure(setup => setup.ClearHandlers());

    /// <summary>
    /// Makes endpoints that are mapped without a delegate store each authentic delivery and respond, instead of handling it.
    /// The handlers run when the <see cref="WebhookDispatcher"/> is given what the inbox holds. If several inboxes are added,
    /// the last one is used.
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
        return Configure(setup => setup.Inbox = inbox);
    }

    /// <summary>
    /// Says that another process handles what this one stores in its inbox. Without it, an endpoint with an inbox and no
    /// handler cannot be mapped.
    /// </summary>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder ReceiveOnly() => Configure(setup => setup.IsReceiveOnly = true);

    /// <summary>
    /// Remembers the webhook ids that an endpoint has handled. A repeated delivery then gets the response 200 and is not
    /// handled again. A delivery that failed is not remembered.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The ids are kept in the application's <see cref="IDistributedCache"/>. A cache that does not answer within half a second
    /// counts as empty, provided that it is asynchronous: one that blocks its caller's thread delays the delivery as long as it
    /// likes. Without a cache, each endpoint remembers its last 100,000 ids in this process, in about 10 MB, and forgets the oldest
    /// first.
    /// </para>
    /// <para>
    /// Two machines that receive the same delivery at the same moment may both handle it. Within one process that does not
    /// happen. The same id at another path, or for another name, is another delivery.
    /// </para>
    /// </remarks>
    /// <param name="retention">How long ids are remembered; 4 days by default, because OpenAI retries for 3.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retention"/> is not positive.</exception>
    public OpenAIWebhooksBuilder AddDeduplication(TimeSpan? retention = null)
    {
        var remembered = retention ?? TimeSpan.FromDays(4);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(remembered, TimeSpan.Zero, nameof(retention));
        return Configure(setup => setup.Retention = remembered);
    }

    private OpenAIWebhooksBuilder Configure(Action<WebhookSetup> configure)
    {
        Services.Configure(Name, configure);
        return this;
    }
}
