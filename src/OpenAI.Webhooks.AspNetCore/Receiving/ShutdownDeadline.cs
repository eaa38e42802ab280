using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Cancels handlers when the host's shutdown deadline passes. Until then, a shutdown lets handlers finish.
/// </summary>
internal sealed class ShutdownDeadline(WebhookRunner runner, ILogger<ShutdownDeadline> logger)
    : IHostedLifecycleService, IDisposable
{
    // How long cancelled handlers may take to clean up before their services are disposed.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _deadline = new();
    private CancellationTokenRegistration _registration;

    public bool HasPassed => _deadline.IsCancellationRequested;

    /// <summary>Creates the token source of one delivery. The deadline or the other token cancels it.</summary>
    /// <returns>
    /// The source. Dispose it with the delivery, so that callbacks registered by handlers do not outlive it.
    /// </returns>
    public CancellationTokenSource CreateSource(CancellationToken other)
        => CancellationTokenSource.CreateLinkedTokenSource(other, _deadline.Token);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The host cancels this token at its deadline, after this method has returned.
        _registration.Dispose();
        _registration = cancellationToken.Register(Expire);
        return Task.CompletedTask;
    }

    // The older WebHost (before the generic host) calls only this method.
    public Task StopAsync(CancellationToken cancellationToken) => StoppingAsync(cancellationToken);

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested)
        {
            return;
        }

        // The host may come here before the token has called back.
        Expire();
        if (runner.Running.Any())
        {
            await Task.Delay(Grace, CancellationToken.None).ConfigureAwait(false);
        }

        foreach (var delivery in runner.Running)
        {
            logger.CutOff(delivery.WebhookId, delivery.Event.Type);
        }
    }

    public void Dispose()
    {
        // The deadline can pass after the services were disposed, on a timer's thread, where an exception ends the
        // process.
        _registration.Dispose();
        _deadline.Dispose();
    }

    private void Expire()
    {
        try
        {
            _deadline.Cancel();
        }
        catch (AggregateException exception)
        {
            // Exceptions from cancellation callbacks must not reach the host's thread.
            logger.CallbackFailed(exception);
        }
    }
}
