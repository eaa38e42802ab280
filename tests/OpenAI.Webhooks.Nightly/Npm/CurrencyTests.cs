using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>
/// Holds the events against the type declarations of the npm package openai: the one that the interoperability test
/// installs, or, by .ci/currency, the newest.
/// </summary>
public partial class CurrencyTests
{
    private static readonly string Declarations = Environment.GetEnvironmentVariable("OPENAI_WEBHOOKS_DECLARATIONS")
        ?? Path.Combine(InteropTests.Folder, "node_modules", "openai", "resources", "webhooks", "webhooks.d.ts");

    [Fact]
    public void Every_event_and_field_of_the_npm_package_is_known_here()
    {
        string source = File.ReadAllText(Declarations);
        var theirs = Union().Match(source).Groups["names"].Value.Split(
            '|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(name => TypeOf(source, name), name => Fields(Data(source, name)));

        var differences = theirs.Keys.Union(Fixture.Events.Keys).Order(StringComparer.Ordinal).SelectMany(type =>
            !theirs.TryGetValue(type, out var fields) ? [$"{type} is known here only"]
            : !Fixture.Events.TryGetValue(type, out string? fixture) ? [$"{type} is new: {string.Join(", ", fields)}"]
            : fields.Except(Members(fixture)).Select(field => $"{type}: there it is {field}")
                // A record that several events share has what any of them has.
                .Concat(Members(fixture).Except(theirs.Values.SelectMany(all => all).Where(
                    field => field.EndsWith('?'))).Except(fields).Select(member => $"{type}: here it is {member}")));

        string.Join('\n', differences).Should().BeEmpty();
    }

    private static string TypeOf(string source, string name)
    {
        var match = Regex.Match(
            source, $@"export interface {name} \{{(?:(?!\n\}}).)*?\n    type: '([^']+)';", RegexOptions.Singleline);
        match.Success.Should().BeTrue($"otherwise the declaration of {name} has another form now");
        return match.Groups[1].Value;
    }

    private static string Data(string source, string name)
        => Regex.Match(source, $@"namespace {name} \{{\n(?:    /\*\*.*?\*/\n)?    interface Data \{{\n(.*?)\n    \}}",
            RegexOptions.Singleline).Groups[1].Value;

    private static IEnumerable<string> Fields(string data)
        => Members().Matches(data).Select(field => Describe(
            field.Groups["name"].Value,
            field.Groups["optional"].Success || field.Groups["type"].Value.Contains("null", StringComparison.Ordinal)));

    private static IEnumerable<string> Members(string fixture)
    {
        var record = WebhookEvent.Parse(fixture).GetType().GetProperty("Data")!.PropertyType;
        var nullability = new NullabilityInfoContext();
        return record.GetProperties()
            .Where(property => property.IsDefined(typeof(JsonPropertyNameAttribute)))
            .Select(property => Describe(
                property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name,
                nullability.Create(property).ReadState == NullabilityState.Nullable));
    }

    private static string Describe(string name, bool isOptional) => isOptional ? $"{name}?" : name;

    [GeneratedRegex("export type UnwrapWebhookEvent =(?<names>[^;]+);")]
    private static partial Regex Union();

    [GeneratedRegex(@"^        (?<name>\w+)(?<optional>\?)?: (?<type>[^;]+);", RegexOptions.Multiline)]
    private static partial Regex Members();
}
