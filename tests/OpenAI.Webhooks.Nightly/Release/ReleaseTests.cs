using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace OpenAI.Webhooks.Nightly;

/// <summary>
/// What a release consists of: that of <c>.ci/release</c> in a clone, or in a folder that a variable names.
/// </summary>
public sealed class ReleaseTests : IAsyncLifetime
{
    private const string Variable = "OPENAI_WEBHOOKS_RELEASE";
    private const string Address = "https://github.com/example/openai-webhooks";

    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private static readonly string[] Packages =
        ["OpenAI.Webhooks", "OpenAI.Webhooks.AspNetCore", "OpenAI.Webhooks.Quartz", "OpenAI.Webhooks.Tool"];

    private readonly DirectoryInfo _clone = Directory.CreateTempSubdirectory();

    public async Task InitializeAsync()
    {
        await RunAsync("git", ["clone", "--quiet", Repository(), _clone.FullName], Repository());

        // Source Link asks git where the sources are.
        await RunAsync("git", ["remote", "set-url", "origin", Address], _clone.FullName);
    }

    public Task DisposeAsync()
    {
        _clone.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_release_has_what_a_stranger_looks_for()
    {
        string folder = await FolderAsync();

        foreach (string package in Packages)
        {
            using var archive = await ZipFile.OpenReadAsync(
                Directory.GetFiles(folder, $"{package}.?.*.nupkg").Should().ContainSingle().Which);
            await using var entry = await archive.GetEntry($"{package}.nuspec")!.OpenAsync();
            var nuspec = XDocument.Load(entry).Root!.Elements().Single();
            string? Value(string name) => nuspec.Elements().FirstOrDefault(it => it.Name.LocalName == name)?.Value;

            Value("license").Should().Be("MIT");
            Value("description").Should().NotBeNullOrEmpty();
            Value("tags").Should().Contain("openai webhooks");
            Value("projectUrl").Should().StartWith("https://");
            Value("releaseNotes").Should().StartWith("Initial release.");
            archive.GetEntry(Value("icon")!).Should().NotBeNull();
            using var readme = new StreamReader(await archive.GetEntry(Value("readme")!)!.OpenAsync());
            (await readme.ReadToEndAsync()).Should().NotContain("](../").And.StartWith($"# {package}");
            nuspec.Descendants().Where(it => it.Name.LocalName == "dependency").Select(it => it.Attribute("id")!.Value)
                .Should().BeSubsetOf(
                [
                    "OpenAI.Webhooks", "OpenAI.Webhooks.AspNetCore", "Microsoft.Bcl.TimeProvider", "Quartz",
                    "System.Text.Json",
                ]);
            nuspec.Elements().Single(it => it.Name.LocalName == "repository").Attribute("commit")!.Value
                .Should().HaveLength(40);
            File.Exists(Path.Combine(folder, $"{package}.cdx.json")).Should().BeTrue();
        }

        (await File.ReadAllTextAsync(Path.Combine(folder, "notes.md"))).Should().Contain("Initial release.");
    }

    [Fact]
    public async Task The_symbols_of_a_release_lead_to_its_sources()
    {
        string folder = await FolderAsync();

        foreach (string symbols in Directory.GetFiles(folder, "*.snupkg"))
        {
            using var archive = await ZipFile.OpenReadAsync(symbols);
            foreach (var entry in archive.Entries.Where(entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal)))
            {
                using var pdb = MetadataReaderProvider.FromPortablePdbStream(await CopyAsync(entry));
                var reader = pdb.GetMetadataReader();
                reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)
                    .Should().Contain(it => reader.GetGuid(it.Kind) == SourceLink, entry.FullName);
                reader.Documents.Select(it => reader.GetString(reader.GetDocument(it).Name))
                    .Should().OnlyContain(path => path.StartsWith("/_", StringComparison.Ordinal));
            }
        }

        foreach (string package in Directory.GetFiles(folder, "*.nupkg"))
        {
            using var archive = await ZipFile.OpenReadAsync(package);
            foreach (var entry in archive.Entries.Where(
                entry => entry.Name.StartsWith("OpenAI.Webhooks", StringComparison.Ordinal)
                    && entry.Name.EndsWith(".dll", StringComparison.Ordinal)))
            {
                using var assembly = new PEReader(await CopyAsync(entry));
                assembly.ReadDebugDirectory().Should().Contain(
                    it => it.Type == DebugDirectoryEntryType.Reproducible, entry.FullName);
            }
        }
    }

    [Fact]
    public async Task A_tag_that_is_not_the_version_makes_no_release()
        => (await FluentActions.Awaiting(() => ReleaseAsync("9.9.9", Address))
            .Should().ThrowAsync<InvalidOperationException>())
            .WithMessage("*The tag says 9.9.9, but Directory.Build.props says*");

    [Fact]
    public async Task Without_an_address_there_is_no_release()
        => (await FluentActions.Awaiting(async () => await ReleaseAsync(await VersionAsync(), ""))
            .Should().ThrowAsync<InvalidOperationException>())
            .WithMessage("*The repository has no address*");

    internal static string Repository([CallerFilePath] string here = "")
        => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    private static async Task<MemoryStream> CopyAsync(ZipArchiveEntry entry)
    {
        var copy = new MemoryStream();
        await using var stream = await entry.OpenAsync();
        await stream.CopyToAsync(copy);
        copy.Position = 0;
        return copy;
    }

    private async Task<string> FolderAsync()
        => Environment.GetEnvironmentVariable(Variable) ?? await ReleaseAsync(await VersionAsync(), Address);

    private async Task<string> VersionAsync()
    {
        string[] arguments = ["msbuild", "src/OpenAI.Webhooks", "-getProperty:Version"];
        return (await RunAsync("dotnet", arguments, _clone.FullName)).Trim();
    }

    private async Task<string> ReleaseAsync(string version, string address)
    {
        await RunAsync(".ci/release", [version, .. address.Length == 0 ? [] : (string[])[address]], _clone.FullName);
        return Path.Combine(_clone.FullName, "artifacts", "release");
    }

    internal static async Task<string> RunAsync(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(
            program.StartsWith('.') ? Path.Combine(folder, program) : program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{program} failed.\n{await output}\n{await error}");
    }
}
