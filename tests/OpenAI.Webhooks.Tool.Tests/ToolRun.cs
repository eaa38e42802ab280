using System.Text.Json.Nodes;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Tests;

/// <summary>
/// A run of the tool, in this process, with the secrets and the API key of the tests in its environment.
/// </summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Error">What it wrote to standard error.</param>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public const string SecretVariable = "TOOL_TESTS_SECRET";
    public const string KeyVariable = "TOOL_TESTS_KEY";
    public const string Key = "sk-test-key";

    static ToolRun()
    {
        Environment.SetEnvironmentVariable(SecretVariable, TestApp.Secret);
        Environment.SetEnvironmentVariable(KeyVariable, Key);
        Environment.SetEnvironmentVariable("XDG_DATA_HOME", Directory.CreateTempSubdirectory().FullName);
        Environment.SetEnvironmentVariable(OpenAIApi.KeyVariable, null);
        Environment.SetEnvironmentVariable(SecretOptions.Variable, null);
    }

    public IReadOnlyList<string> Lines
        => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public JsonNode Json => JsonNode.Parse(Output)!;

    public static Task<ToolRun> RunAsync(params string[] args)
        => RunAsync(new StringWriter(), CancellationToken.None, args);

    public static Task<ToolRun> RunAsync(
        StringWriter output, CancellationToken cancellationToken, params string[] args)
        => RunAsync(output, new StringWriter(), cancellationToken, args);

    public static async Task<ToolRun> RunAsync(
        StringWriter output, StringWriter error, CancellationToken cancellationToken, params string[] args)
    {
        string[] secret = args.Contains("--secret-from") || args.Contains("--project") || args.Contains("--no-secret")
            ? []
            : ["--secret-from", SecretVariable];
        int exitCode = await new ToolCommand(ConsoleOn(output), ConsoleOn(error)).RunAsync(
            [.. args.Where(arg => arg != "--no-secret"), .. secret], cancellationToken);
        return new(exitCode, output.ToString(), error.ToString());
    }

    private static IAnsiConsole ConsoleOn(StringWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(TextWriter.Synchronized(writer)),
        });
        console.Profile.Width = 1000;
        return console;
    }

    /// <summary>Runs the doctor, and gives what it found as JSON.</summary>
    public static async Task<ToolRun> DoctorAsync(string url, FakeApi? api = null, params string[] args)
    {
        var run = await RunAsync(
            ["doctor", url, "--json",
                .. api is null ? [] : (string[])["--api-key-from", KeyVariable, "--api-url", api.Url], .. args]);
        run.Output.Should().NotContain(TestApp.Secret).And.NotContain(TestApp.OtherSecret).And.NotContain(Key);
        return run;
    }

    public string? FixFirst => Json["fix_first"]?.ToString();
}
