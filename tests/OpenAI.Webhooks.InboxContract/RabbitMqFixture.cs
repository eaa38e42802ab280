using System.Diagnostics;
using OpenAI.Webhooks.AspNetCore.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>A RabbitMQ for the tests of a class, where it is installed.</summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    private Process? _portMapper;

    internal static string? Program { get; } = EngineServer.FindProgram("/usr/lib/rabbitmq/bin/rabbitmq-server");

    internal EngineServer? Server { get; private set; }

    public async Task InitializeAsync()
    {
        if (Program is null)
        {
            return;
        }

        // Erlang's own would stay when the server ends.
        int mapperPort = FreePort.Choose();
        _portMapper = Process.Start("epmd", ["-port", $"{mapperPort}", "-address", "127.0.0.1"]);
        int distributionPort = FreePort.Choose();
        Server = await EngineServer.StartAsync(
            (folder, port) =>
            {
                string plugins = Path.Combine(folder.FullName, "enabled_plugins");
                File.WriteAllText(plugins, "[].");
                return new ProcessStartInfo(Program)
                {
                    Environment =
                    {
                        ["HOME"] = folder.FullName,
                        ["ERL_EPMD_PORT"] = $"{mapperPort}",
                        ["RABBITMQ_NODENAME"] = $"contract{port}@localhost",
                        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
                        ["RABBITMQ_NODE_PORT"] = $"{port}",
                        ["RABBITMQ_DIST_PORT"] = $"{distributionPort}",
                        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder.FullName, "data"),
                        ["RABBITMQ_LOG_BASE"] = folder.FullName,
                        ["RABBITMQ_LOGS"] = "-",
                        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder.FullName, "none"),
                        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = plugins,
                        ["RABBITMQ_PID_FILE"] = Path.Combine(folder.FullName, "pid"),

                        // Then the script becomes the server, and signals reach it.
                        ["RUNNING_UNDER_SYSTEMD"] = "true",
                    },
                };
            },
            "Server startup complete");
    }

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
            _portMapper!.Kill();
            _portMapper.Dispose();
        }
    }
}
