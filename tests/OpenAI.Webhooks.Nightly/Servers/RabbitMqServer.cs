using System.Diagnostics;
using System.Text;
using OpenAI.Webhooks.AspNetCore.Tests;
using RabbitMQ.Client;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A RabbitMQ of the tests' own, on ports of the loopback, in a folder that goes with it.</summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    private const string Ready = "Server startup complete";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly int _port = FreePort.Choose();
    private readonly int _distributionPort = FreePort.Choose();
    private readonly int _mapperPort = FreePort.Choose();
    private readonly Process _mapper;
    private Process? _server;
    private EngineState _state = EngineState.Stopped;

    // Erlang's own port mapper would stay when the server ends.
    private RabbitMqServer()
        => _mapper = Process.Start("epmd", ["-port", $"{_mapperPort}", "-address", "127.0.0.1"]);

    public string Url => $"amqp://127.0.0.1:{_port}";

    public static async Task<RabbitMqServer> StartAsync()
    {
        var server = new RabbitMqServer();
        await server.SetAsync(EngineState.Running);
        return server;
    }

    public async Task SetAsync(EngineState state)
    {
        switch (state)
        {
            case EngineState.Running when _state == EngineState.Frozen:
                await SignalAsync("CONT");
                break;
            case EngineState.Running when _state != EngineState.Running:
                await StartServerAsync();
                break;
            case EngineState.Stopped or EngineState.Killed when _state == EngineState.Running:
                await SignalAsync(state == EngineState.Killed ? "KILL" : "TERM");
                await _server!.WaitForExitAsync();
                break;
            case EngineState.Frozen:
                await SignalAsync("STOP");
                break;
            default:
                break;
        }

        _state = state;
    }

    /// <summary>Reads all messages of a queue. They stay in it.</summary>
    public async Task<IReadOnlyCollection<string>> ReadAsync(string queue)
    {
        var factory = new ConnectionFactory { Uri = new(Url) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var texts = new List<string>();

        // Without an acknowledgement, they are in the queue again when the channel is closed.
        while (await channel.BasicGetAsync(queue, autoAck: false) is { } message)
        {
            texts.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        return texts;
    }

    public async ValueTask DisposeAsync()
    {
        await SetAsync(EngineState.Running);
        await SetAsync(EngineState.Killed);
        _server!.Dispose();
        _mapper.Kill();
        _mapper.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartServerAsync()
    {
        string plugins = Path.Combine(_folder.FullName, "enabled_plugins");
        await File.WriteAllTextAsync(plugins, "[].");
        _server = Process.Start(new ProcessStartInfo("/usr/lib/rabbitmq/bin/rabbitmq-server")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["HOME"] = _folder.FullName,
                ["ERL_EPMD_PORT"] = $"{_mapperPort}",
                ["RABBITMQ_NODENAME"] = $"contract{_port}@localhost",
                ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_NODE_PORT"] = $"{_port}",
                ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder.FullName, "data"),
                ["RABBITMQ_LOG_BASE"] = _folder.FullName,
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder.FullName, "none"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = plugins,
                ["RABBITMQ_PID_FILE"] = Path.Combine(_folder.FullName, "pid"),

                // Then the script becomes the server, and signals reach it.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            },
        })!;
        _ = _server.StandardError.ReadToEndAsync();
        var output = new List<string>();
        while (await _server.StandardOutput.ReadLineAsync() is { } line)
        {
            output.Add(line);
            if (line.Contains(Ready, StringComparison.Ordinal))
            {
                // Somebody has to read on, or it would wait for that.
                _ = _server.StandardOutput.ReadToEndAsync();
                return;
            }
        }

        throw new InvalidOperationException(
            $"rabbitmq-server ended before it was ready.\n{string.Join('\n', output)}");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_server!.Id}"]);
        await kill.WaitForExitAsync();
    }
}
