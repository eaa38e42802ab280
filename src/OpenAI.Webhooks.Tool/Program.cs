using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

internal static class Program
{
    // A pipe has no width, so do not wrap lines.
    private const int WidthOfPipes = 1000;

    private static async Task<int> Main(string[] args)
    {
        var error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthOfPipes;
        }

        if (Console.IsErrorRedirected)
        {
            error.Profile.Width = WidthOfPipes;
        }

        try
        {
            return await new ToolCommand(AnsiConsole.Console, error).RunAsync(args);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The output cannot be written, because the disk is full or the pipe is closed. The error cannot be
            // reported anywhere.
            return ToolCommand.CouldNotRun;
        }
    }
}
