using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Adds handlers, an inbox or deduplication to a registration made by <c>AddOpenAIWebhooks</c>.</summary>
public sealed class OpenAIWebhooksBuilder
{
    internal OpenAIWebhooksBuilder(IServiceCollection services, string name)
    {
        Services = services;
        Name = name;
    }

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The name passed to <c>AddOpenAIWebhooks</c>; empty if it was called without a name.</summary>
    public string Name { get; }

    /// <summary>
    /// Adds a handler for endpoints that are mapped without a delegate, and for the <see cref="WebhookDispatcher"/>.
    /// All handlers of an event run, one after the other, in the order they were added. If one throws, the handlers
    /// after it do not run, and the next attempt runs all of them again. A handler that is added twice for the same
    /// event runs once.
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
    /// Removes all handlers added so far, for example to replace an application's handlers in a test.
    /// </summary>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder ClearHandlers() => Configure(setup => setup.ClearHandlers());

    /// <summary>
    /// Makes endpoints that are mapped without a delegate store each authentic delivery and respond, instead of
    /// handling it. The handlers run when a stored message is passed to the <see cref="WebhookDispatcher"/>. If several
    /// inboxes are added, the last one is used.
    /// </summary>
    /// <typeparam name="TInbox">The inbox. It is registered as scoped, unless it is registered already.</typeparam>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder AddInbox<[
        DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TInbox>()
        where TInbox : class, IWebhookInbox
    {
        Services.TryAddScoped<TInbox>();
        return AddInbox(services => services.GetRequiredService<TInbox>());
    }

    /// <summary>Like <see cref="AddInbox{TInbox}"/>, with a factory that gets the request's services.</summary>
    /// <param name="inbox">Returns the inbox for a delivery. Must not be null.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inbox"/> is null.</exception>
    public OpenAIWebhooksBuilder AddInbox(Func<IServiceProvider, IWebhookInbox> inbox)
    {
        ArgumentNullException.ThrowIfNull(inbox);
        return Configure(setup => setup.Inbox = inbox);
    }

    /// <summary>
    /// Declares that another process handles the deliveries that this process stores. Without this call, an endpoint
    /// with an inbox and no handler cannot be mapped.
    /// </summary>
    /// <returns>This builder.</returns>
    public OpenAIWebhooksBuilder ReceiveOnly() => Configure(setup => setup.IsReceiveOnly = true);

    /// <summary>
    /// Remembers the webhook ids that an endpoint has handled. A repeated delivery then gets the response 200 and is
    /// not handled again. A delivery that failed is not remembered.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The ids are kept in the application's <see cref="IDistributedCache"/>. A cache that does not answer within half
    /// a second counts as empty; the id is then written while the response is sent. This works only for an asynchronous
    /// cache: a cache that blocks the calling thread delays the delivery for as long as it blocks. Without a cache,
    /// each endpoint remembers its last 100,000 ids in this process, in about 10 MB, and forgets the oldest first.
    /// </para>
    /// <para>
    /// Two machines that receive the same delivery at the same time may both handle it. Within one process, only one
    /// copy is handled. The same id at another path, or under another registration name, is a different delivery.
    /// </para>
    /// </remarks>
    /// <param name="retention">
    /// How long ids are remembered, at most a year; 4 days by default, because OpenAI retries for 3.
    /// </param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="retention"/> is not positive, or is over a year.
    /// </exception>
    public OpenAIWebhooksBuilder AddDeduplication(TimeSpan? retention = null)
    {
        var remembered = retention ?? TimeSpan.FromDays(4);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(remembered, TimeSpan.Zero, nameof(retention));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(remembered, TimeSpan.FromDays(366), nameof(retention));
        return Configure(setup => setup.Retention = remembered);
    }

    private OpenAIWebhooksBuilder Configure(Action<WebhookSetup> configure)
    {
        Services.Configure(Name, configure);
        return this;
    }
}
