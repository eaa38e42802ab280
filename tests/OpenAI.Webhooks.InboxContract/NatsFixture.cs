using System.Diagnostics;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>A NATS server for the tests of a class, where it is installed.</summary>
public sealed class NatsFixture : IAsyncLifetime
{
    internal static string? Program { get; } = EngineServer.FindProgram("/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server");

    internal EngineServer? Server { get; private set; }

    public async Task InitializeAsync()
        => Server = Program is null ? null : await EngineServer.StartAsync((folder, port) => new ProcessStartInfo(Program, ["--jetstream", "--store_dir", folder.FullName, "--addr", "127.0.0.1", "--port", $"{port}"]), "Server is ready");

    public async Task DisposeAsync() => await (Server?.DisposeAsync() ?? ValueTask.CompletedTask);
}
