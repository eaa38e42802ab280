using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenAI.Webhooks.Tool.Tests;

/// <summary>An application with the real endpoint, on Kestrel.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly TestApp _app;
    private readonly string _path;

    private Receiver(TestApp app, string path) => (_app, _path) = (app, path);

    public string Address => _app.Address.GetLeftPart(UriPartial.Authority);

    public string Url => Address + _path;

    /// <summary>Starts one.</summary>
    /// <param name="before">What stands in front of the endpoint.</param>
    /// <param name="map">Maps the endpoint; null for one that does nothing at the usual path.</param>
    /// <param name="services">Registers; null for the usual registration.</param>
    /// <param name="hasHealth">Whether it maps a health check that shows its data.</param>
    /// <param name="secret">Its secret.</param>
    /// <param name="kestrel">Changes the server.</param>
    /// <param name="path">Where the endpoint is.</param>
    public static async Task<Receiver> StartAsync(
        Action<WebApplication>? before = null,
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null,
        bool hasHealth = false,
        string secret = TestApp.Secret,
        Action<KestrelServerOptions>? kestrel = null,
        string path = "/webhooks/openai")
    {
        var app = await TestApp.StartAsync(
            builder =>
            {
                builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(options => kestrel?.Invoke(options));
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks(options => options.Secrets = [secret]);
                services?.Invoke(builder.Services);
            },
            app =>
            {
                before?.Invoke(app);
                (map ?? (app => app.MapOpenAIWebhooks("/webhooks/openai", (_, _) => Task.CompletedTask)))(app);
                if (hasHealth)
                {
                    app.MapHealthChecks(
                        "/health/webhooks",
                        new() { ResponseWriter = WebhookHealthResponse.WriteAsync }).AllowAnonymous();
                }
            });
        return new(app, path);
    }

    public async ValueTask DisposeAsync()
    {
        // A handler that hangs must not keep the test waiting.
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }
}
