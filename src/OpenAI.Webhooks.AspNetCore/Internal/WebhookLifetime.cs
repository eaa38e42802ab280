using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Keeps the host from starting without a secret that can be used, and tells handlers when the host will not wait for
/// them any longer.
/// </summary>
internal sealed class WebhookLifetime(
    WebhookVerifiers verifiers, IEnumerable<WebhookRegistration> registrations, ILogger<WebhookLifetime> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _deadline = new();

    /// <summary>Cancelled when the host's time to shut down is over; a shutdown within its time lets handlers finish.</summary>
    public CancellationToken Deadline => _deadline.Token;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var registration in registrations)
        {
            verifiers.Get(registration);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The host's token, which it cancels at its deadline; it lives on when this has returned.
        cancellationToken.Register(Expire);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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
            // The host's own thread is not to have what handlers throw when their token is cancelled.
            logger.CallbackFailed(exception);
        }
    }
}
