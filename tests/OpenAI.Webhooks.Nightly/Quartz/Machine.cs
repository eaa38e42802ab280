using System.Diagnostics;
using System.Globalization;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A process of <see cref="Program"/>, whose clock may differ from the others'.</summary>
internal sealed class Machine(string role, Database database, int secondsAhead = 0)
{
    private Process? _process;

    public string Role => role;

    public int Port { get; private set; }

    /// <summary>Null while it runs.</summary>
    public int? ExitCode => _process!.HasExited ? _process.ExitCode : null;

    /// <summary>Starts it, and waits until it listens, or, if a delivery may end it before, until it has
    /// ended.</summary>
    public async Task StartAsync(bool mayEnd = false)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", typeof(Program).Assembly.Location, role, database.Kind, database.ConnectionString])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (secondsAhead != 0)
        {
            start.Environment["LD_PRELOAD"] = Directory.GetDirectories("/usr/lib", "*-linux-gnu")
                .Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).First(File.Exists);
            start.Environment["FAKETIME"] = $"{secondsAhead:+0;-0}s";
            start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
            start.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0"; // otherwise waits spin
        }

        _process = Process.Start(start)!;
        if (await _process.StandardOutput.ReadLineAsync() is { } port)
        {
            Port = int.Parse(port, CultureInfo.InvariantCulture);
        }
        else if (!mayEnd)
        {
            throw new InvalidOperationException("The process ended before it listened.");
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Stops the process in the middle of what it does, or lets it go on.</summary>
    public async Task FreezeAsync(bool isFrozen)
    {
        using var kill = Process.Start("kill", [isFrozen ? "-STOP" : "-CONT", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public Task ExitAsync() => _process!.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));

    public async Task StopAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
