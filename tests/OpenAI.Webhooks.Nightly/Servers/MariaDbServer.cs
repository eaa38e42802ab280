using System.Diagnostics;
using OpenAI.Webhooks.AspNetCore.Tests;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A MariaDB of the tests' own, on a port of the loopback, in a folder that goes with it.</summary>
internal sealed class MariaDbServer : IServer
{
    private readonly string _folder;
    private readonly Process _process;

    private MariaDbServer(string folder, Process process, int port)
    {
        _folder = folder;
        _process = process;
        Database = new Database("mariadb", $"Server=127.0.0.1;Port={port};User ID=root;Database=test");
    }

    public Database Database { get; }

    public static async Task<MariaDbServer> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string data = Path.Combine(folder, "data");
        string[] user = Environment.IsPrivilegedProcess ? ["--user=root"] : [];
        await InstallAsync(folder, [$"--datadir={data}", .. user]);

        // Between the choice of a port and its use somebody else may take it.
        for (int attempt = 0; attempt < 5; attempt++)
        {
            int port = FreePort.Choose();
            var process = Process.Start(new ProcessStartInfo("mariadbd",
                [
                    "--no-defaults", $"--datadir={data}", $"--port={port}", "--bind-address=127.0.0.1",
                    $"--socket={Path.Combine(folder, "socket")}", $"--tmpdir={folder}", .. user,
                ])
            {
                RedirectStandardError = true,
            })!;
            while (await process.StandardError.ReadLineAsync() is { } line)
            {
                if (line.Contains("ready for connections", StringComparison.Ordinal))
                {
                    // Somebody has to read on, or it would wait for that.
                    _ = process.StandardError.ReadToEndAsync();
                    return new(folder, process, port);
                }
            }
        }

        throw new InvalidOperationException("mariadbd ended before it was ready.");
    }

    public async ValueTask DisposeAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Without temporary folders of their own, servers that are installed at the same time crash (seen with 10.11).
    private static async Task InstallAsync(string folder, string[] arguments)
    {
        using var install = Process.Start(new ProcessStartInfo("mariadb-install-db",
            ["--no-defaults", "--auth-root-authentication-method=normal", .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["TMPDIR"] = folder },
        })!;
        string[] output = await Task.WhenAll(
            install.StandardOutput.ReadToEndAsync(), install.StandardError.ReadToEndAsync());
        await install.WaitForExitAsync();
        if (install.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"mariadb-install-db ended with exit code {install.ExitCode}: {string.Concat(output)}");
        }
    }
}
