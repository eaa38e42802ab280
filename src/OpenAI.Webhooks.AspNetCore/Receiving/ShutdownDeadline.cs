using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Tells handlers when the host will not wait for them any longer. A shutdown within its time lets handlers finish.
/// </summary>
internal sealed class ShutdownDeadline(ILogger<ShutdownDeadline> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _deadline = new();

    public bool HasPassed => _deadline.IsCancellationRequested;

    /// <summary>Makes the source of one delivery's token, which the deadline or another token cancels.</summary>
    /// <returns>A source to dispose with the delivery, so that nothing a handler registers outlives it.</returns>
    public CancellationTokenSource CreateSource(CancellationToken other)
        => CancellationTokenSource.CreateLinkedTokenSource(other, _deadline.Token);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The host cancels this token at its deadline, after this method has returned.
        cancellationToken.Register(Expire);
        return Task.CompletedTask;
    }

    // The web host that came before the generic one has only this method. To expire twice does nothing.
    public Task StopAsync(CancellationToken cancellationToken) => StoppingAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _deadline.Dispose();

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
