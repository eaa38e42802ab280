using System.CommandLine;
using OpenAI.Webhooks.Tool.Commands;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

/// <summary>The command <c>openai-webhooks</c>, on a console.</summary>
internal sealed class ToolCommand(IAnsiConsole console)
{
    /// <summary>The exit code of a command that could not run.</summary>
    public const int CouldNotRun = 2;

    // How long `listen` may take to delete its endpoint at OpenAI after Ctrl+C.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Runs a command line.</summary>
    /// <returns>
    /// The exit code: 0 if all went well, 1 if something needs fixing, 2 if the command could not run.
    /// </returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken = default)
    {
        var root = new RootCommand("Sends, receives and verifies OpenAI webhooks, and finds out why none arrive.")
        {
            SendCommand.Create(console),
            ListenCommand.Create(console),
            ReplayCommand.Create(console),
            DoctorCommand.Create(console),
        };
        try
        {
            var parsed = root.Parse(args);
            int exitCode = await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = TerminationTimeout,
                    Output = console.Profile.Out.Writer,
                    Error = console.Profile.Out.Writer,
                },
                cancellationToken);
            return parsed.Errors.Count > 0 ? CouldNotRun : exitCode;
        }
        catch (Exception exception) when (exception is ToolException or IOException or UnauthorizedAccessException)
        {
            console.MarkupLineInterpolated($"[red]{exception.Message}[/]");
            return CouldNotRun;
        }
        catch (OperationCanceledException)
        {
            return CouldNotRun;
        }
    }
}
