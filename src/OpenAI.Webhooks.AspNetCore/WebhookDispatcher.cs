using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Runs the handlers that were added with <see cref="OpenAIWebhooksBuilder.AddHandler{TEvent, THandler}"/> outside of a
/// request: for what takes deliveries out of an <see cref="IWebhookInbox"/>. A singleton; safe to share between threads.
/// </summary>
public sealed class WebhookDispatcher
{
    private readonly IServiceScopeFactory _scopes;
    private readonly WebhookRunner _runner;
    private readonly IOptionsMonitor<WebhookPipeline> _pipelines;
    private readonly IEnumerable<WebhookRegistration> _registrations;
    private readonly WebhookLifetime _lifetime;

    internal WebhookDispatcher(IServiceProvider services)
    {
        _scopes = services.GetRequiredService<IServiceScopeFactory>();
        _runner = services.GetRequiredService<WebhookRunner>();
        _pipelines = services.GetRequiredService<IOptionsMonitor<WebhookPipeline>>();
        _registrations = services.GetServices<WebhookRegistration>();
        _lifetime = services.GetRequiredService<WebhookLifetime>();
    }

    /// <summary>
    /// Runs the handlers of a delivery's event, in a scope of its own, with the logs, the activity and the metrics that
    /// an endpoint has. Nothing is deduplicated here: that is the store's part.
    /// </summary>
    /// <param name="delivery">The delivery. Must not be null.</param>
    /// <param name="name">The name the handlers were added under; null where <c>AddOpenAIWebhooks</c> was given none.</param>
    /// <param name="cancellationToken">Cancels the handlers, as does the host's shutdown deadline.</param>
    /// <returns>A task that ends when every handler has finished.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="delivery"/> is null.</exception>
    /// <exception cref="InvalidOperationException"><c>AddOpenAIWebhooks</c> was not called with this name, or no handler was added to it.</exception>
    /// <remarks>Throws what a handler throws; the handlers behind it have then not run.</remarks>
    public async Task DispatchAsync(WebhookDelivery delivery, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var registration = WebhookRegistration.Find(_registrations, name, nameof(DispatchAsync));
        var pipeline = _pipelines.Get(registration.Name);
        if (!pipeline.HasHandlers)
        {
            throw new InvalidOperationException(
                $"{nameof(DispatchAsync)} has nobody to hand deliveries to. Add a handler with {registration.AddCall}.AddHandler<TEvent, THandler>().");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lifetime.Deadline);
        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await _runner.RunAsync(pipeline.RunHandlers, () => scope.ServiceProvider, delivery, patience.Token)
                .ConfigureAwait(false);
        }
    }
}
