using System.CommandLine;
using System.CommandLine.Invocation;
using OpenAI.Webhooks.Tool.Commands;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

/// <summary>The command <c>openai-webhooks</c>.</summary>
/// <param name="console">Where results go.</param>
/// <param name="error">Where errors go, and everything that is not a result.</param>
internal sealed class ToolCommand(IAnsiConsole console, IAnsiConsole error)
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
            SendCommand.Create(console, error),
            ListenCommand.Create(console, error),
            ReplayCommand.Create(console, error),
            DoctorCommand.Create(console),
            RotateCommand.Create(console),
        };
        try
        {
            var parsed = root.Parse(args);
            if (parsed.Action is ParseErrorAction)
            {
                var called = parsed.CommandResult.Command;
                string command = called is RootCommand ? "" : $"{called.Name} ";
                string what = called is RootCommand && parsed.UnmatchedTokens is [var unknown, ..]
                    ? $"'{unknown}' is not a command"
                    : parsed.Errors[0].Message.TrimEnd('.');
                error.MarkupLineInterpolated(
                    $"[red]{Words.Printable(what)}.[/] See openai-webhooks {command}--help.");
                return CouldNotRun;
            }

            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = TerminationTimeout,
                    Output = console.Profile.Out.Writer,
                    Error = error.Profile.Out.Writer,
                },
                cancellationToken);
        }
        catch (Exception exception) when (exception is ToolException or IOException or UnauthorizedAccessException)
        {
            error.MarkupLineInterpolated($"[red]{Words.Printable(exception.Message)}[/]");
            return CouldNotRun;
        }
        catch (OperationCanceledException)
        {
            return CouldNotRun;
        }
    }
}
