using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Runs the handlers that were added with <see cref="OpenAIWebhooksBuilder.AddHandler{TEvent, THandler}"/> outside of a
/// request. Code that takes messages out of an <see cref="IWebhookInbox"/> calls it. A singleton; safe to share between
/// threads. A process that only dispatches needs no secret.
/// </summary>
public sealed class WebhookDispatcher
{
    private readonly IServiceScopeFactory _scopes;
    private readonly WebhookRunner _runner;
    private readonly IOptionsMonitor<WebhookSetup> _setups;
    private readonly IEnumerable<WebhookRegistration> _registrations;
    private readonly ShutdownDeadline _deadline;
    private readonly WebhookTelemetry _telemetry;
    private readonly ILogger<WebhookDispatcher> _logger;

    internal WebhookDispatcher(IServiceProvider services)
    {
        _scopes = services.GetRequiredService<IServiceScopeFactory>();
        _runner = services.GetRequiredService<WebhookRunner>();
        _setups = services.GetRequiredService<IOptionsMonitor<WebhookSetup>>();
        _registrations = services.GetServices<WebhookRegistration>();
        _deadline = services.GetRequiredService<ShutdownDeadline>();
        _telemetry = services.GetRequiredService<WebhookTelemetry>();
        _logger = services.GetRequiredService<ILogger<WebhookDispatcher>>();
    }

    /// <summary>
    /// Runs the handlers of a message's event in a new service scope, with the same logs and metrics as an endpoint,
    /// and in the trace of the request that stored the message. This method does not deduplicate; the inbox does.
    /// </summary>
    /// <param name="message">The message. Must not be null.</param>
    /// <param name="cancellationToken">Cancels the handlers, as does the host's shutdown deadline.</param>
    /// <returns>A task that ends when every handler has finished.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddOpenAIWebhooks</c> was not called with the message's name, or it has no handler for the event. Retry the
    /// message: another process may have that handler, or this process may have it after its next deployment.
    /// </exception>
    /// <exception cref="UnreadableWebhookException">
    /// The payload is not an event. Make the message a dead letter.
    /// </exception>
    /// <exception cref="PermanentWebhookFailureException">
    /// A handler said that no retry can help. Make the message a dead letter.
    /// </exception>
    /// <remarks>If a handler throws, its exception is logged and rethrown. Later handlers then do not run.</remarks>
    public async Task DispatchAsync(WebhookMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        await DispatchAsync(
            message,
            _ => "The inbox decides whether the delivery is retried.",
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes one attempt to handle a queued message, and returns what the queue must do with it. The result applies the
    /// rules that every queue needs: a delay before each retry, and a dead letter if no retry can help, if all attempts
    /// are used up, or if the text is not a message. This method logs and counts dead letters, so do not call
    /// <see cref="ReportDeadLetter"/> as well.
    /// </summary>
    /// <param name="text">The result of <see cref="WebhookMessage.ToJson"/>. Must not be null.</param>
    /// <param name="attempt">
    /// The number of this attempt, starting at 1. A queue that cannot tell interrupted attempts from failed ones counts
    /// both here, so that a delivery that crashes its process is not retried forever.
    /// </param>
    /// <param name="retryDelays">
    /// The delays before the second attempt, the third, and so on. If it is empty, there is one attempt, even if the
    /// process ended during it. Must not be null.
    /// </param>
    /// <param name="interruptions">How often the process ended during an attempt, if the queue knows that.</param>
    /// <param name="cancellationToken">
    /// Cancels the handlers, as does the host's shutdown deadline. Do not pass a token that is cancelled when the host
    /// begins to stop: handlers may finish until the deadline.
    /// </param>
    /// <returns>
    /// What the queue must do: remove the message, redeliver it after a delay, or make it a dead letter.
    /// </returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="text"/> or <paramref name="retryDelays"/> is null.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="attempt"/> is less than 1, or
    /// <paramref name="interruptions"/> is negative.</exception>
    /// <exception cref="OperationCanceledException">
    /// The attempt was cancelled. Leave the message in the queue.
    /// </exception>
    public async Task<WebhookAttemptResult> AttemptAsync(
        string text,
        int attempt,
        IReadOnlyList<TimeSpan> retryDelays,
        int interruptions = 0,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(retryDelays);
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        WebhookMessage message;
        try
        {
            message = WebhookMessage.Parse(text);
        }
        catch (JsonException exception)
        {
            _logger.NotAMessage(exception.Message);
            _telemetry.CountDead(eventType: null);
            return WebhookAttemptResult.DeadLetter(exception);
        }

        int made = attempt - 1 + interruptions;
        var before = WebhookAttemptResult.After(attempt - 1, interruptions, new InvalidOperationException(
            $"The process ended during its attempts to handle the webhook (attempts: {made}). Fix the handler, then "
            + "replay the dead letter."), retryDelays);
        if (before.IsDeadLetter)
        {
            _logger.CutShort(message.WebhookId, made);
            ReportDeadLetter(message, made);
            return before;
        }

        WebhookAttemptResult? result = null;
        try
        {
            await DispatchAsync(message, Next, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (
            exception is not OperationCanceledException
                || !(cancellationToken.IsCancellationRequested || _deadline.HasPassed))
        {
            result ??= WebhookAttemptResult.After(attempt, interruptions, exception, retryDelays);
            if (result.IsDeadLetter)
            {
                ReportDeadLetter(message, attempt + interruptions);
            }
        }

        return result ?? WebhookAttemptResult.After(attempt, interruptions, exception: null, retryDelays);

        string Next(Exception exception)
        {
            result = WebhookAttemptResult.After(attempt, interruptions, exception, retryDelays);
            return $"It was attempt {attempt} of {retryDelays.Count + 1}; "
                + $"{(result.RetryDelay is { } delay ? $"the next is in {delay:c}" : "there is no other")}.";
        }
    }

    /// <summary>
    /// Whether this process can handle stored messages: it has a handler, and <c>ReceiveOnly()</c> was not called. If
    /// it cannot, the inbox should not take messages out in this process.
    /// </summary>
    /// <param name="name">
    /// The name given to <c>AddOpenAIWebhooks</c>; empty if it was called without a name; null for any registration,
    /// for an inbox that stores the messages of all.
    /// </param>
    /// <returns>True if it can; false if it cannot or if the name is not registered.</returns>
    public bool CanDispatch(string? name = null)
        => _registrations.Any(registration =>
        {
            var setup = _setups.Get(registration.Name);
            return (name is null || name == registration.Name) && setup.HasHandlers && !setup.IsReceiveOnly;
        });

    /// <summary>Whether this process has a handler for a stored message. If it has not, another process may.</summary>
    /// <param name="message">The message. Must not be null.</param>
    /// <returns>
    /// True if its registration has a handler for its <see cref="WebhookMessage.EventType"/>, or if that is null: any
    /// process with a handler can find out that the payload is not an event.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    public bool CanDispatch(WebhookMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return CanDispatch(message.Name)
            && (message.EventType is null || _setups.Get(message.Name).Handles(message.EventType));
    }

    /// <summary>
    /// Logs and counts a dead letter, with the outcome <c>dead</c>. Implementations of <see cref="IWebhookInbox"/> call
    /// this after the last attempt.
    /// </summary>
    /// <param name="message">The message. Must not be null.</param>
    /// <param name="attempts">How many attempts were made.</param>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    public void ReportDeadLetter(WebhookMessage message, int attempts)
    {
        ArgumentNullException.ThrowIfNull(message);
        _logger.Dead(message.WebhookId, message.EventType ?? "unreadable", attempts);
        _telemetry.CountDead(message.EventType);
    }

    private async Task DispatchAsync(
        WebhookMessage message, Func<Exception, string> next, CancellationToken cancellationToken)
    {
        var (registration, setup) = FindSetup(message);
        var delivery = Restore(message);
        AsyncServiceScope? scope = null;
        using var source = _deadline.CreateSource(cancellationToken);
        await _runner.RunAsync(
            RunAndDisposeAsync,
            () => (scope ??= _scopes.CreateAsyncScope()).ServiceProvider,
            delivery,
            message.TraceContext,
            next,
            source.Token).ConfigureAwait(false);

        async Task<bool> RunAndDisposeAsync(
            Func<IServiceProvider> services, WebhookDelivery delivery, CancellationToken token)
        {
            try
            {
                return await setup.RunHandlers(services, delivery, token).ConfigureAwait(false)
                    ? true
                    : throw new InvalidOperationException(
                        $"This process has no handler for {PrintableText.Of(delivery.Event.Type)}. Add one with "
                        + $"{registration.AddCall}.AddHandler<{delivery.Event.GetType().Name}, THandler>(), or "
                        + "unsubscribe the endpoint from this type at OpenAI.");
            }
            finally
            {
                if (scope is { } used)
                {
                    await used.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    private (WebhookRegistration Registration, WebhookSetup Setup) FindSetup(WebhookMessage message)
    {
        try
        {
            var registration = WebhookRegistration.Find(_registrations, message.Name, nameof(DispatchAsync));
            var setup = _setups.Get(registration.Name);
            return setup.HasHandlers
                ? (registration, setup)
                : throw new InvalidOperationException(
                    $"{nameof(DispatchAsync)} cannot run because no handler is registered. Add one with "
                    + $"{registration.AddCall}.AddHandler<TEvent, THandler>().");
        }
        catch (InvalidOperationException exception)
        {
            _logger.CannotDispatch(message.WebhookId, exception.Message);
            throw;
        }
    }

    private WebhookDelivery Restore(WebhookMessage message)
    {
        try
        {
            return new(message.WebhookId, message.Timestamp, message.GetPayload());
        }
        catch (UnreadableWebhookException exception)
        {
            _logger.Unreadable(exception.WebhookId, exception.Message);
            _telemetry.Count(WebhookOutcome.Unreadable);
            throw;
        }
    }
}
