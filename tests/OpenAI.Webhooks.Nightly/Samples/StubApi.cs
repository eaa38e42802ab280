using Microsoft.AspNetCore.Hosting;

namespace OpenAI.Webhooks.Nightly;

/// <summary>OpenAI's API as a test has it, on a port of the loopback.</summary>
internal sealed class StubApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubApi(WebApplication app) => _app = app;

    /// <summary>What the official client takes for its endpoint.</summary>
    public string Url => $"{_app.Urls.Single()}/v1";

    public static async Task<StubApi> StartAsync(RequestDelegate respond)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(respond);
        await app.StartAsync();
        return new(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
