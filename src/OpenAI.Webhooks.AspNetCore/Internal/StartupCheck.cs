using Microsoft.Extensions.Hosting;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Keeps the host from starting without a secret that can be used.</summary>
internal sealed class StartupCheck(WebhookVerifiers verifiers, IEnumerable<WebhookRegistration> registrations) : IHostedLifecycleService
{
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

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
