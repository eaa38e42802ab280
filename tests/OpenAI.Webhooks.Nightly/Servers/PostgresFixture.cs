namespace OpenAI.Webhooks.Nightly;

/// <summary>A PostgreSQL for the tests of a class.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    internal PostgresServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await PostgresServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    internal async Task SetAsync(EngineState state)
    {
        switch (state)
        {
            case EngineState.Frozen:
                await Server.FreezeAsync(isFrozen: true);
                break;
            case EngineState.Stopped:
                await Server.StopAsync();
                break;
            case EngineState.Killed:
                await Server.StopAsync("QUIT");
                break;
            case EngineState.Running when Server.IsRunning:
                await Server.FreezeAsync(isFrozen: false);
                break;
            default:
                await Server.StartAgainAsync();
                break;
        }
    }
}
