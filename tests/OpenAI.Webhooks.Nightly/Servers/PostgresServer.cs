using System.Diagnostics;
using OpenAI.Webhooks.AspNetCore.Tests;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A PostgreSQL of the tests' own, on a port of the loopback, in a folder that goes with it.</summary>
internal sealed class PostgresServer : IServer
{
    private readonly string _folder;
    private Process? _process;

    private PostgresServer(string folder) => _folder = folder;

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=webhooks;Database=postgres;Timeout=5";

    public Database Database => new("postgres", ConnectionString);

    public bool IsRunning => !_process!.HasExited;

    public int Port { get; private set; }

    /// <summary>The folder of PostgreSQL's programs; null if it is not installed.</summary>
    public static string? Programs { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
        Path.PathSeparator)
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql")
            .OrderDescending().Select(version => Path.Combine(version, "bin")) : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));

    private string Data => Path.Combine(_folder, "data");

    public static async Task<PostgresServer> StartAsync()
    {
        var server = new PostgresServer(Directory.CreateTempSubdirectory().FullName);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", ["postgres", server._folder]);
        }

        var (program, arguments) = AsPostgres(
            "initdb", ["-D", server.Data, "-U", "webhooks", "--auth=trust", "--locale=C", "--no-sync"]);
        await RunAsync(program, arguments);

        // Between the choice of a port and its use somebody else may take it.
        for (int attempt = 0; attempt < 5; attempt++)
        {
            server.Port = FreePort.Choose();
            if (await server.TryStartAsync())
            {
                return server;
            }
        }

        throw new InvalidOperationException("postgres ended before it was ready.");
    }

    /// <summary>Starts it again, on its port.</summary>
    public async Task StartAgainAsync()
    {
        if (!await TryStartAsync())
        {
            throw new InvalidOperationException("postgres ended before it was ready.");
        }
    }

    /// <summary>Stops it, whoever is connected: fast with INT, as in a crash with QUIT.</summary>
    public async Task StopAsync(string signal = "INT")
    {
        await RunAsync("kill", [$"-{signal}", $"{_process!.Id}"]);
        await _process.WaitForExitAsync();
    }

    /// <summary>Freezes it with all its connections, or lets it go on.</summary>
    public Task FreezeAsync(bool isFrozen) => RunAsync(
        "sh", ["-c", $"kill -{(isFrozen ? "STOP" : "CONT")} {_process!.Id} $(ps -o pid= --ppid {_process.Id})"]);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process!.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> TryStartAsync()
    {
        var (program, arguments) = AsPostgres(
            "postgres", ["-D", Data, "-p", $"{Port}", "-k", _folder, "-c", "listen_addresses=127.0.0.1"]);
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                // Somebody has to read on, or it would wait for that.
                _ = _process.StandardError.ReadToEndAsync();
                return true;
            }
        }

        return false;
    }

    // PostgreSQL refuses to run as root.
    private static (string Program, IEnumerable<string> Arguments) AsPostgres(
        string program, IEnumerable<string> arguments)
    {
        string path = Path.Combine(
            Programs ?? throw new InvalidOperationException("PostgreSQL is not installed."), program);
        return Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : (path, arguments);
    }

    private static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(output);
        }
    }
}
