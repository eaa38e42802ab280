using System.Diagnostics;

namespace OpenAI.Webhooks.InboxContract;

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
        int mapperPort = EngineServer.FreePort();
        _portMapper = Process.Start("epmd", ["-port", $"{mapperPort}", "-address", "127.0.0.1"]);
        int distributionPort = EngineServer.FreePort();
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

/// <summary>samples/inboxes/RabbitMqInbox.cs.</summary>
public sealed class RabbitMqTests(RabbitMqFixture rabbitMq) : SampleContract(RabbitMqFixture.Program is null ? "RabbitMQ is not installed." : null), IClassFixture<RabbitMqFixture>
{
    private const string NoIds = "RabbitMQ keeps no ids: a copy is another message. Handlers have to key what they do by the webhook id.";

    public override IReadOnlyDictionary<string, string> Exceptions { get; } = new Dictionary<string, string>
    {
        [nameof(Twenty_copies_at_once_are_all_accepted_and_handled_once)] = NoIds,
        [nameof(A_copy_of_one_that_waits_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_of_one_that_was_handled_is_accepted_and_not_handled_again)] = NoIds,
        [nameof(A_copy_that_comes_after_a_restart_is_not_handled_again)] = NoIds,
        [nameof(A_copy_at_another_receiver_is_not_handled_again)] = NoIds,
    };

    public override string Engine => "RabbitMQ 3.10";

    protected override string Sample => "RabbitMqInbox";

    protected override string[] Options => ["--rabbitmq", $"amqp://127.0.0.1:{rabbitMq.Server!.Port}"];

    protected override Task SetEngineAsync(EngineState state) => rabbitMq.Server!.SetAsync(state);
}
