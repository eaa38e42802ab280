using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>The top-level statements of a program, run until it is disposed of.</summary>
internal sealed class RunningProgram
    : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IAsyncDisposable
{
    private static readonly AsyncLocal<RunningProgram?> Current = new();

    private readonly TaskCompletionSource<IHost> _host = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _running;

    public string Address { get; private set; } = "";

    public static async Task<RunningProgram> StartAsync(Action<string[]> main)
    {
        var program = new RunningProgram();
        using var subscription = DiagnosticListener.AllListeners.Subscribe(program);
        program._running = Task.Run(() =>
        {
            Current.Value = program;
            main(["--urls=http://127.0.0.1:0", $"--OPENAI_WEBHOOK_SECRET={TestApp.Secret}"]);
        });
        var host = await program._host.Task;
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        await TestApp.Eventually(() => lifetime.ApplicationStarted.IsCancellationRequested);
        program.Address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.Single();
        return program;
    }

    public async ValueTask DisposeAsync()
    {
        (await _host.Task).Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await _running!;
    }

    // As Microsoft.AspNetCore.Mvc.Testing finds the host of a program.
    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.Extensions.Hosting")
        {
            value.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == "HostBuilt" && Current.Value == this)
        {
            _host.TrySetResult((IHost)value.Value!);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
