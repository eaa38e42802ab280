namespace OpenAI.Webhooks.Nightly;

/// <summary>A RabbitMQ for the tests of a class.</summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    internal RabbitMqServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RabbitMqServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
