using System.Diagnostics;
using System.Text;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// Events under the switches of System.Text.Json, which hold for a whole process: each in one of its own.
/// </summary>
public class SwitchTests
{
    [Theory]
    [InlineData("System.Text.Json.Serialization.RespectNullableAnnotationsDefault=true")]
    [InlineData("System.Text.Json.Serialization.RespectRequiredConstructorParametersDefault=true")]
    [InlineData("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault=false")]
    [InlineData("System.Text.Json.Serialization.EnableSourceGenReflectionFallback=true")]
    [InlineData(
        "System.Text.Json.Serialization.RespectNullableAnnotationsDefault=true",
        "System.Text.Json.Serialization.RespectRequiredConstructorParametersDefault=true",
        "System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault=false",
        "System.Text.Json.Serialization.EnableSourceGenReflectionFallback=true")]
    public async Task Every_way_of_reading_and_writing_gives_the_same(params string[] switches)
    {
        using var process = Process.Start(
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                ["exec", typeof(SwitchTests).Assembly.Location, .. switches])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            })!;
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.Should().Be(0, errors);
        (await output).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
            .Should().Equal(Program.Describe());
    }
}
