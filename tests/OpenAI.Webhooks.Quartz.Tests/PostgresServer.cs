using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>A PostgreSQL of the tests' own, on a port of the loopback, in a folder that goes with it.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Process _process;

    private PostgresServer(string folder, Process process, int port)
    {
        _folder = folder;
        _process = process;
        Database = new Database("postgres", $"Host=127.0.0.1;Port={port};Username=webhooks;Database=postgres;Maximum Pool Size=40");
    }

    public Database Database { get; }

    /// <summary>The folder of PostgreSQL's programs; null where it is not installed.</summary>
    public static string? Programs { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => Path.Combine(version, "bin")) : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));

    public static async Task<PostgresServer> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string data = Path.Combine(folder, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", ["postgres", folder]);
        }

        var (program, arguments) = AsPostgres("initdb", ["-D", data, "-U", "webhooks", "--auth=trust", "--locale=C", "--no-sync"]);
        await RunAsync(program, arguments);

        // Between the choice of a port and its use somebody else may take it.
        for (int attempt = 0; attempt < 5; attempt++)
        {
            int port = FreePort();
            (program, arguments) = AsPostgres("postgres", ["-D", data, "-p", $"{port}", "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"]);
            var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            while (await process.StandardError.ReadLineAsync() is { } line)
            {
                if (line.Contains("ready to accept connections", StringComparison.Ordinal))
                {
                    // Somebody has to read on, or it would wait for that.
                    _ = process.StandardError.ReadToEndAsync();
                    return new(folder, process, port);
                }
            }
        }

        throw new InvalidOperationException("postgres ended before it was ready.");
    }

    public async ValueTask DisposeAsync()
    {
        // SIGINT: a fast shutdown.
        await RunAsync("kill", ["-INT", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // PostgreSQL refuses to run as root.
    private static (string Program, IEnumerable<string> Arguments) AsPostgres(string program, IEnumerable<string> arguments)
    {
        string path = Path.Combine(Programs!, program);
        return Environment.IsPrivilegedProcess
            ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments])
            : (path, arguments);
    }

    private static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(output);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
