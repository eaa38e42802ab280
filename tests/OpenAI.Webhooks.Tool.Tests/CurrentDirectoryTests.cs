namespace OpenAI.Webhooks.Tool.Tests;

/// <summary>The current directory is the whole process's, so no other test runs meanwhile.</summary>
[CollectionDefinition(nameof(CurrentDirectoryTests), DisableParallelization = true)]
[Collection(nameof(CurrentDirectoryTests))]
public class CurrentDirectoryTests
{
    [Fact]
    public async Task Listen_is_not_configured_by_the_application_in_whose_folder_it_runs()
    {
        string before = Directory.GetCurrentDirectory();
        var folder = Directory.CreateTempSubdirectory();
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "appsettings.json"),
            """
            { "AllowedHosts": "example.com",
              "Kestrel": { "Endpoints": { "http": { "Url": "http://127.0.0.1:1" } } }, "broken":
            """);
        Directory.SetCurrentDirectory(folder.FullName);
        try
        {
            using var output = new StringWriter();
            using var stopping = new CancellationTokenSource();
            var listening = ToolRun.RunAsync(output, stopping.Token, "listen", "--port", "0");

            (await ToolRun.RunAsync(
                "send", "response.completed", "--to", await CommandTests.AddressAsync(output))).ExitCode
                .Should().Be(0);

            await stopping.CancelAsync();
            await listening;
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
            folder.Delete(recursive: true);
        }
    }
}
