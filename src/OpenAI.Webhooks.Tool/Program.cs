using Spectre.Console;

namespace OpenAI.Webhooks.Tool;

internal static class Program
{
    // In a pipe there is no width to wrap lines at.
    private const int WidthOfPipes = 1000;

    private static Task<int> Main(string[] args)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthOfPipes;
        }

        return new ToolCommand(AnsiConsole.Console).RunAsync(args);
    }
}
