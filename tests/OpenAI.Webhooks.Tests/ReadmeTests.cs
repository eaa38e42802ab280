using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// Holds the C# of the documents to the regions of ReadmeSnippets.cs, which are compiled, run and asserted on.
/// </summary>
public partial class ReadmeTests
{
    public static TheoryData<string> Documents { get; } = [
        .. typeof(ReadmeTests).Assembly.GetManifestResourceNames()
        .Where(name => name.EndsWith(".md", StringComparison.Ordinal))];

    public static TheoryData<string> Types => Fixture.Types;

    [Theory, MemberData(nameof(Documents))]
    public void Every_CSharp_block_is_a_region_that_a_test_runs(string document)
    {
        var regions = Regions()
            .Matches(
                string.Concat(
                    typeof(ReadmeTests).Assembly.GetManifestResourceNames()
                        .Where(name => name.EndsWith(".cs", StringComparison.Ordinal))
                        .Select(Resource)))
            .Select(region => Dedent(region.Groups[1].Value));
        string[] blocks = [.. Blocks().Matches(Resource(document)).Select(
            block => Dedent(Usings().Replace(block.Groups[1].Value, "")))];

        blocks.Should().NotBeEmpty();
        blocks.Should().BeSubsetOf(regions);
    }

    [Fact]
    public void The_README_can_be_read_in_a_few_minutes()
        => Resource("README.md").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length
        .Should().BeInRange(700, 900);

    [Theory, MemberData(nameof(Types))]
    public void The_page_of_events_says_what_every_event_has(string type)
    {
        var record = WebhookEvent.Parse(Fixture.Events[type]).GetType();
        string row = Resource("docs.events.md").Split('\n').Single(
            line => line.StartsWith('|') && line.Contains($"`{type}`"));

        row.Split('|')[2].Split(',', StringSplitOptions.TrimEntries).Select(member => member.Trim('`', '?'))
            .Should().BeEquivalentTo(
                record.GetProperty("Data")!.PropertyType.GetProperties().Select(member => member.Name));
    }

    [Theory, MemberData(nameof(Types))]
    public void Every_record_is_named_after_its_type(string type)
        => WebhookEvent.Parse(Fixture.Events[type]).GetType().Name
            .Should().BeEquivalentTo(type.Replace(".", "").Replace("_", "") + nameof(WebhookEvent));

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(ReadmeTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static string Dedent(string code)
    {
        string[] lines = code.Trim('\n').TrimEnd().Split('\n');
        int indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > indent ? line[indent..] : ""));
    }

    // The files of the regions have them, too, or import them for all files.
    [GeneratedRegex(@"\A(using [\w.]+;\n)+\n?")]
    private static partial Regex Usings();

    [GeneratedRegex(@"#region README[^\n]*\n(.*?)\n *#endregion", RegexOptions.Singleline)]
    private static partial Regex Regions();

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
