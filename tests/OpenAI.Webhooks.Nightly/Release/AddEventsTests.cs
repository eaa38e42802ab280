using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Nightly;

/// <summary>
/// Takes events back in a clone, lets <c>.ci/add-events</c> add them, and compares. The npm package is the installed
/// one.
/// </summary>
public sealed class AddEventsTests : IAsyncLifetime
{
    private const string Events = "src/OpenAI.Webhooks/Events";
    private const string Fixtures = "tests/OpenAI.Webhooks.Tests/Fixtures";

    private static readonly string[] InNewFamily = [
        "agent.environment.expired", "agent.environment.failed", "agent.environment.ready",
        "agent.environment.suspended"];

    private static readonly string[] InKnownFamilies = [
        "agent.session.idle", "agent.session.in_progress", "safety.warning_issued"];

    private readonly DirectoryInfo _clone = Directory.CreateTempSubdirectory();

    public Task InitializeAsync()
        => ReleaseTests.RunAsync(
            "git", ["clone", "--quiet", ReleaseTests.Repository(), _clone.FullName], ReleaseTests.Repository());

    public Task DisposeAsync()
    {
        _clone.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Events_that_were_taken_back_are_added_as_they_were_but_for_the_prose_and_the_tests_pass()
    {
        var before = Records();
        TakeBack([.. InNewFamily, .. InKnownFamilies]);
        Directory.Delete(In($"{Events}/AgentEnvironments"), recursive: true);
        Change($"{Fixtures}/Evolution/required.txt", text => Regex.Replace(text, "(?m)^AgentEnvironment.*\n", ""));
        Change("docs/events.md", text => Regex.Replace(text, "(?m)^.*`agent\\.environment\\..*\n", ""));

        // It builds, and runs the tests of the core.
        string said = await ReleaseTests.RunAsync(
            ".ci/add-events",
            [Path.Combine(InteropTests.Folder, "node_modules", "openai", "resources", "webhooks", "webhooks.d.ts")],
            _clone.FullName);

        Records().Should().BeEquivalentTo(before);
        said.Should().Contain("agent.environment.expired: a new family.").And.Contain("safety.warning_issued: like");
        string changes = await File.ReadAllTextAsync(In("CHANGELOG.md"));
        changes.Should().Contain("- `agent.session.idle`: `AgentSessionIdleWebhookEvent`.");
    }

    [Fact]
    public async Task An_event_with_data_that_no_other_has_needs_a_person()
    {
        TakeBack(["live.transport.connected"]);

        await FluentActions.Awaiting(() => ReleaseTests.RunAsync(
            ".ci/add-events",
            [Path.Combine(InteropTests.Folder, "node_modules", "openai", "resources", "webhooks", "webhooks.d.ts")],
            _clone.FullName))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("*live.transport.connected needs a person*session_id:string*");
    }

    // The records, the union and the constants, without documentation and empty lines.
    private Dictionary<string, string> Records()
        => Directory.GetFiles(In("src/OpenAI.Webhooks"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .ToDictionary(
                file => Path.GetRelativePath(_clone.FullName, file),
                file => Regex.Replace(File.ReadAllText(file), "(?m)^ *///.*\n", ""));

    private void TakeBack(IEnumerable<string> types)
    {
        foreach (string type in types)
        {
            string constants = "src/OpenAI.Webhooks/WebhookEventTypes.cs";
            string name = Regex.Match(
                File.ReadAllText(In(constants)), $"const string (\\w+) = \"{Regex.Escape(type)}\"").Groups[1].Value;
            File.Delete(Directory.GetFiles(In(Events), $"{name}WebhookEvent.cs", SearchOption.AllDirectories).Single());
            File.Delete(In($"{Fixtures}/Events/{type}.json"));
            Change("src/OpenAI.Webhooks/UnwrapWebhookEvent.cs", text => text.Replace(
                $"[JsonDerivedType(typeof({name}WebhookEvent), WebhookEventTypes.{name})]\n",
                "",
                StringComparison.Ordinal));
            Change(constants, text => Regex.Replace(
                text, $"    /// <summary>(?:(?!\n\n)[\\s\\S])*?const string {name} = \"[^\"]+\";\n\n", ""));
            Change(
                $"{Fixtures}/Evolution/required.txt", text => Regex.Replace(text, $"(?m)^{name}WebhookEvent:.*\n", ""));
            string[] files = [$"{Fixtures}/Evolution/stored.jsonl", "src/OpenAI.Webhooks.Tool/samples.jsonl"];
            foreach (string lines in files)
            {
                Change(lines, text => Regex.Replace(text, $"(?m)^.*\"type\": ?\"{Regex.Escape(type)}\".*\n", ""));
            }

            Change("docs/events.md", text => text.Replace($", `{type}`", "", StringComparison.Ordinal)
                .Replace($"`{type}`, ", "", StringComparison.Ordinal));
        }
    }

    private string In(string path) => Path.Combine(_clone.FullName, path);

    private void Change(string path, Func<string, string> change)
        => File.WriteAllText(In(path), change(File.ReadAllText(In(path))));
}
