using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A process of the application.</summary>
internal sealed partial class Node(ProcessStartInfo start) : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public string Address { get; private set; } = "";

    public bool IsRunning => _process is { HasExited: false };

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts it, and waits until it listens, or, if it may, until it has ended.</summary>
    public async Task StartAsync(bool mayEnd = false)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.RedirectStandardInput) = (true, true, true);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ = _process.WaitForExitAsync().ContinueWith(_ => _address.TrySetException(
            new InvalidOperationException($"The application ended before it listened.\n{Log}")), TaskScheduler.Default);
        try
        {
            Address = await _address.Task.WaitAsync(Timeout);
        }
        catch (InvalidOperationException) when (mayEnd)
        {
            // The caller asks whether it runs.
        }
        catch (TimeoutException) when (mayEnd)
        {
            throw new XunitException($"It neither listened nor ended within {Timeout}.");
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public Task<bool> ExitsWithinAsync(TimeSpan time) => _process!.WaitForExitAsync().WaitAsync(time).ContinueWith(
        task => task.IsCompletedSuccessfully, TaskScheduler.Default);

    /// <summary>Stops it as a host is stopped, and kills it if that takes longer than a time.</summary>
    public async Task StopAsync(TimeSpan? timeout = null)
    {
        if (_process is { HasExited: false })
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            if (!await ExitsWithinAsync(timeout ?? Timeout))
            {
                await KillAsync();
            }
        }
    }

    /// <summary>Stops it. Its remaining work no longer matters, so it gets three seconds.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.FromSeconds(3));

    /// <summary>Waits until a condition holds.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(60), Log);
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Waits until its log contains a text.</summary>
    public Task LogsAsync(string text) => UntilAsync(() => Log.Contains(text, StringComparison.Ordinal));

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (ListeningPattern().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(match.Groups[1].Value);
        }
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex ListeningPattern();
}
