using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

internal static class Program
{
    // In a pipe there is no width to wrap lines at.
    private const int WidthOfPipes = 1000;

    private static async Task<int> Main(string[] args)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthOfPipes;
        }

        try
        {
            return await new ToolCommand(AnsiConsole.Console).RunAsync(args);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The output cannot be written: the disk is full, or nobody reads it. There is no place to say so.
            return ToolCommand.CouldNotRun;
        }
    }
}
