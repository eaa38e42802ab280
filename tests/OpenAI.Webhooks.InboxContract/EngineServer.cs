using System.Diagnostics;
using OpenAI.Webhooks.AspNetCore.Tests;

namespace OpenAI.Webhooks.InboxContract;

/// <summary>A server of the tests' own, on a port of the loopback, in a folder that goes with it.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly Func<DirectoryInfo, int, ProcessStartInfo> _start;
    private readonly string _ready;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private Process? _process;
    private EngineState _state = EngineState.Killed;

    private EngineServer(Func<DirectoryInfo, int, ProcessStartInfo> start, string ready) => (_start, _ready) = (start, ready);

    public int Port { get; private set; }

    /// <summary>Starts one.</summary>
    /// <param name="start">How to start the program, with a folder and a port.</param>
    /// <param name="ready">What it writes when it is ready.</param>
    public static async Task<EngineServer> StartAsync(Func<DirectoryInfo, int, ProcessStartInfo> start, string ready)
    {
        var server = new EngineServer(start, ready) { Port = FreePort.Choose() };
        await server.SetAsync(EngineState.Running);
        return server;
    }

    public static string? FindProgram(params string[] paths) => paths.FirstOrDefault(File.Exists);

    public async Task SetAsync(EngineState state)
    {
        switch (state)
        {
            case EngineState.Running when _state == EngineState.Frozen:
                await SignalAsync("CONT");
                break;
            case EngineState.Running when _state != EngineState.Running:
                await StartAsync();
                break;
            case EngineState.Stopped or EngineState.Killed when _state == EngineState.Running:
                await SignalAsync(state == EngineState.Killed ? "KILL" : "TERM");
                await _process!.WaitForExitAsync();
                break;
            case EngineState.Frozen:
                await SignalAsync("STOP");
                break;
            default:
                break;
        }

        _state = state;
    }

    public async ValueTask DisposeAsync()
    {
        await SetAsync(EngineState.Running);
        await SetAsync(EngineState.Killed);
        _process!.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync()
    {
        var start = _start(_folder, Port);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        _process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new List<string?>();
        DataReceivedEventHandler read = (_, line) =>
        {
            lock (output)
            {
                output.Add(line.Data);
            }

            if (line.Data?.Contains(_ready, StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        _process.OutputDataReceived += read;
        _process.ErrorDataReceived += read;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ = _process.WaitForExitAsync().ContinueWith(_ => ready.TrySetException(new InvalidOperationException($"{start.FileName} ended before it was ready.\n{string.Join('\n', output)}")), TaskScheduler.Default);
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }
}
