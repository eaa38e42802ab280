#:property PublishAot=false

// Writes what a person writes for a new event (see "How to add an event" in CONTRIBUTING.md), for each type of the npm
// package's declarations that is not known here, if an event of its family has the same data, or if it begins a family
// and its data are one id. For the others it says what is missing.
// Usage: dotnet run AddEvents.cs -- DECLARATIONS REPOSITORY

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

string source = File.ReadAllText(args[0]);
var repository = new Repository(args[1]);
var declared = Declaration.All(source).ToDictionary(one => one.Type);
var left = new List<Declaration>();
foreach (var added in declared.Values.Where(one => !repository.Types.Contains(one.Type)).OrderBy(
    one => one.Type, StringComparer.Ordinal))
{
    // What was added just now is known, too: the first of a family is the model of the next.
    var model = declared.Values.Where(known => repository.Types.Contains(known.Type) && repository.CanCopy(known)
            && known.Family == added.Family && known.Data == added.Data)
        .MinBy(known => known.Type, StringComparer.Ordinal);
    if (model is null && added.Data == "id:string" && !repository.HasFamily(added, declared.Values))
    {
        repository.AddFamily(added);
        Console.WriteLine(
            $"{added.Type}: a new family. Read its texts, and say in docs/events.md what to do with the id.");
    }
    else if (model is not null)
    {
        repository.Add(added, model);
        Console.WriteLine($"{added.Type}: like {model.Type}. Read its summary.");
    }
    else
    {
        left.Add(added);
    }
}

foreach (var one in left)
{
    Console.WriteLine($"{one.Type} needs a person, because no event of its family has its data: {one.Data}.");
}

return left.Count == 0 ? 0 : 3;

/// <summary>An event as the npm package declares it.</summary>
/// <param name="Name">Its name, such as <c>BatchFailed</c>.</param>
/// <param name="Type">Its type, such as <c>batch.failed</c>.</param>
/// <param name="Summary">The first sentence of its documentation.</param>
/// <param name="Data">The members of its data and their types, in one line.</param>
internal sealed record Declaration(string Name, string Type, string Summary, string Data)
{
    /// <summary>The part of the type that events of one family share.</summary>
    public string Family => Type[..Type.LastIndexOf('.')];

    public string Record => $"{Name}WebhookEvent";

    public static IEnumerable<Declaration> All(string source)
    {
        string union = Regex.Match(source, "export type UnwrapWebhookEvent =([^;]+);").Groups[1].Value;
        foreach (string name in union.Split(
            '|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var match = Regex.Match(
                source,
                $@"/\*\*\n((?: \* [^\n]*\n)+) \*/\nexport interface {name} \{{(?:(?!\n\}}).)*?\n    type: '([^']+)';",
                RegexOptions.Singleline);
            if (!match.Success)
            {
                throw new InvalidOperationException($"The declaration of {name} has another form now.");
            }

            string summary = Regex.Replace(match.Groups[1].Value, @"\s*\n? \* ", " ").Trim();
            string body = Regex.Match(
                source, $@"export declare namespace {name} \{{\n(.*?)\n\}}", RegexOptions.Singleline).Groups[1].Value;
            string data = string.Join(' ', Regex.Matches(
                Regex.Replace(body, @"/\*\*.*?\*/", "", RegexOptions.Singleline), @"(\w+\??): ([^;]+);")
                .Select(member => $"{member.Groups[1].Value}:{member.Groups[2].Value.Replace($"{name}.", "")}")
                .Order(StringComparer.Ordinal));
            yield return new(
                name.Replace("WebhookEvent", "", StringComparison.Ordinal),
                match.Groups[2].Value,
                Sentence(summary.Split(". ")[0].TrimEnd('.')),
                data);
        }
    }

    // "Sent when a batch has failed" is a sentence without its first two words.
    private static string Sentence(string text)
    {
        string rest = text.StartsWith("Sent when ", StringComparison.Ordinal) ? text["Sent when ".Length..] : text;
        return char.ToUpperInvariant(rest[0]) + rest[1..];
    }
}

/// <summary>The files of the repository that list events.</summary>
internal sealed class Repository(string root)
{
    private const int MaxLine = 120;

    private const string Reference = "https://platform.openai.com/docs/api-reference/webhook-events";

    private const string Constants = "src/OpenAI.Webhooks/WebhookEventTypes.cs";
    private const string Union = "src/OpenAI.Webhooks/UnwrapWebhookEvent.cs";
    private const string Samples = "src/OpenAI.Webhooks.Tool/samples.jsonl";
    private const string Fixtures = "tests/OpenAI.Webhooks.Tests/Fixtures";
    private const string Events = "src/OpenAI.Webhooks/Events";

    public HashSet<string> Types { get; } = [.. Directory.GetFiles(Path.Combine(root, Fixtures, "Events"))
        .Select(file => Path.GetFileNameWithoutExtension(file))];

    /// <summary>Whether a record has only a name and a type of its own.</summary>
    public bool CanCopy(Declaration known) => !Read(RecordOf(known)).Contains("\n{", StringComparison.Ordinal);

    public bool HasFamily(Declaration added, IEnumerable<Declaration> declared)
        => declared.Any(other => other.Family == added.Family && Types.Contains(other.Type));

    /// <summary>Adds an event that differs from another one in its name and type alone.</summary>
    public void Add(Declaration added, Declaration model)
    {
        string record = Read(RecordOf(model));
        string family = Regex.Match(record, @": (\w+)\(WebhookEventTypes").Groups[1].Value;
        Write(Path.Combine(Path.GetDirectoryName(RecordOf(model))!, $"{added.Record}.cs"), RecordText(added, family));
        AddToLists(added);

        string In(string text) => text.Replace($"\"{model.Type}\"", $"\"{added.Type}\"", StringComparison.Ordinal);
        Write(
            $"{Fixtures}/Events/{added.Type}.json",
            WithId(In(Read($"{Fixtures}/Events/{model.Type}.json")), added));
        foreach (string file in new[] { $"{Fixtures}/Evolution/stored.jsonl", Samples })
        {
            var lines = Lines(file);
            InsertLines(
                file, [.. lines.Where(line => TypeOf(line) == model.Type).Select(line => WithId(In(line), added))],
                line => string.CompareOrdinal(TypeOf(line), added.Type) > 0);
        }

        string frozen = $"{Fixtures}/Evolution/required.txt";
        AddFrozen(frozen, Lines(frozen).Single(line => line.StartsWith($"{model.Record}:", StringComparison.Ordinal))
            .Replace(model.Record, added.Record, StringComparison.Ordinal));
        Write("docs/events.md", Read("docs/events.md").Replace($"`{model.Type}`", $"`{model.Type}`, `{added.Type}`"));
    }

    /// <summary>Adds the first event of a family whose data are an id.</summary>
    public void AddFamily(Declaration added)
    {
        string family = Words(added.Family);
        string what = added.Family.Replace('.', ' ').Replace('_', ' ');
        string folder = $"{Events}/{family}s";
        const string Model = "Batch";
        Write($"{folder}/{family}WebhookEvent.cs", Wrap(Renamed(Read($"{Events}/Batches/{Model}WebhookEvent.cs"))));
        Write($"{folder}/{family}EventData.cs", Wrap(Renamed(Read($"{Events}/Batches/{Model}EventData.cs"))
            .Replace(
            "    /// <summary>\n    /// Its id, such as <c>batch_abc123</c>. Fetch the batch from "
                + "<c>/v1/batches/{id}</c>. Never null.\n    /// </summary>",
            "    /// <summary>Its id. Never null.</summary>",
            StringComparison.Ordinal)));
        Write($"{folder}/{added.Record}.cs", RecordText(added, $"{family}WebhookEvent"));
        AddToLists(added);
        string stored = $"{{\"type\":\"{added.Type}\",\"id\":\"{IdOf(added)}\",\"object\":\"event\","
            + "\"created_at\":1750287018,\"data\":{\"id\":\"id_abc123\"}}";
        Write($"{Fixtures}/Events/{added.Type}.json", stored);
        bool After(string line) => string.CompareOrdinal(TypeOf(line), added.Type) > 0;
        InsertLines(
            $"{Fixtures}/Evolution/stored.jsonl", [stored, stored.Replace("\"object\":\"event\",", "")], After);
        InsertLines(Samples, [$$$"""{"type": "{{{added.Type}}}", "data": {"id": "id_sample"}}"""], After);
        AddFrozen($"{Fixtures}/Evolution/required.txt", $"{family}EventData: id");
        AddFrozen($"{Fixtures}/Evolution/required.txt", $"{family}WebhookEvent: created_at data id");
        AddFrozen($"{Fixtures}/Evolution/required.txt", $"{added.Record}: created_at data id");
        string docs = Read("docs/events.md");
        int end = docs.IndexOf("\n\n¹", StringComparison.Ordinal);
        Write("docs/events.md", docs.Insert(end, $"\n| `{added.Type}` | `Id` | fetch it by its id |"));

        string Renamed(string text)
            => text.Replace(Model, family, StringComparison.Ordinal)
                .Replace("to a batch:", $"to an object of OpenAI's ({what}):", StringComparison.Ordinal)
                .Replace("<c>batch.*</c>", $"<c>{added.Family}.*</c>", StringComparison.Ordinal)
                .Replace("Which batch it was", "Which one it was", StringComparison.Ordinal)
                .Replace("The batch that", "The object that", StringComparison.Ordinal)
                .Replace("The batch's id", "Its id", StringComparison.Ordinal);
    }

    private static string Words(string text)
        => string.Concat(text.Split('.', '_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string IdOf(Declaration added)
        => $"evt_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(added.Type)))[..32]}";

    private static string WithId(string payload, Declaration added)
        => Regex.Replace(payload, "\"evt_[0-9a-f]+\"", $"\"{IdOf(added)}\"");

    private static string TypeOf(string line) => Regex.Match(line, "\"type\": ?\"([^\"]+)\"").Groups[1].Value;

    private static string RecordText(Declaration added, string family)
    {
        string head = $"public record {added.Record}()";
        string tail = $": {family}(WebhookEventTypes.{added.Name});";
        string declaration = head.Length + 1 + tail.Length <= MaxLine ? $"{head} {tail}" : $"{head}\n    {tail}";
        return $"""
            using System.Text.Json.Serialization;

            namespace OpenAI.Webhooks;

            {Summary($"{added.Summary}. Its <c>type</c> is <c>{added.Type}</c>.", "")}
            /// <seealso href="{Reference}/{added.Type.Replace('.', '/')}"/>
            [JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
            [JsonDerivedType(typeof({added.Record}), WebhookEventTypes.{added.Name})]
            {declaration}

            """;
    }

    private static string Summary(string text, string indent)
    {
        string line = $"{indent}/// <summary>{text}</summary>";
        if (line.Length <= MaxLine)
        {
            return line;
        }

        var lines = new List<string> { $"{indent}/// <summary>" };
        var current = new StringBuilder($"{indent}///");
        foreach (string word in Regex.Split(text, " (?!cref)"))
        {
            if (current.Length + 1 + word.Length > MaxLine)
            {
                lines.Add(current.ToString());
                current = new($"{indent}///");
            }

            current.Append(' ').Append(word);
        }

        return string.Join('\n', [.. lines, current.ToString(), $"{indent}/// </summary>"]);
    }

    // What became too long by another name.
    private static string Wrap(string text)
        => string.Join('\n', text.Split('\n').Select(line => line.Length <= MaxLine ? line
            : Regex.Match(line, "^( *)/// <summary>(.*)</summary>$") is { Success: true } summary
                ? Summary(summary.Groups[2].Value, summary.Groups[1].Value)
            : Regex.Match(line, "^(.*) => new\\(\\) \\{ (.*) \\};$") is { Success: true } body
                ? $"{body.Groups[1].Value} => new()\n    {{\n        {body.Groups[2].Value},\n    }};"
            : line));

    // The union and the constants, in the order of the types.
    private void AddToLists(Declaration added)
    {
        string union = Read(Union);
        const string Line = @"\[JsonDerivedType\(typeof\(\w+\), WebhookEventTypes\.(\w+)\)\]\n";
        var before = Regex.Matches(union, Line).FirstOrDefault(
            line => string.CompareOrdinal(ValueOf(line.Groups[1].Value), added.Type) > 0);
        string entry = $"[JsonDerivedType(typeof({added.Record}), WebhookEventTypes.{added.Name})]\n";
        Write(Union, union.Insert(
            before?.Index ?? union.IndexOf("public abstract record Unwrap", StringComparison.Ordinal), entry));

        string constants = Read(Constants);
        const string Constant = "\n    /// <summary>(?:(?!\n\n).)*?const string \\w+ = \"([^\"]+)\";\n";
        var next = Regex.Matches(constants, Constant, RegexOptions.Singleline).FirstOrDefault(
            one => string.CompareOrdinal(one.Groups[1].Value, added.Type) > 0);
        string constant = $"""

            {Summary($"{added.Summary}: <see cref=\"{added.Record}\"/>.", "    ")}
                public const string {added.Name} = "{added.Type}";

            """;
        Write(Constants, constants.Insert(next!.Index, constant));

        string changes = Read("CHANGELOG.md");
        int section = changes.IndexOf("## Unreleased\n", StringComparison.Ordinal);
        string unreleased = changes[section..changes.IndexOf("\n## ", section, StringComparison.Ordinal)];
        Write("CHANGELOG.md", changes.Replace(
            unreleased,
            $"{unreleased.TrimEnd()}{(unreleased.Contains("\n- ", StringComparison.Ordinal) ? "" : "\n")}\n"
                + $"- `{added.Type}`: `{added.Record}`.\n",
            StringComparison.Ordinal));
        Types.Add(added.Type);
    }

    private string ValueOf(string constant)
        => Regex.Match(Read(Constants), $"const string {constant} = \"([^\"]+)\"").Groups[1].Value;

    private void AddFrozen(string file, string line)
        => InsertLines(file, [line], other => string.CompareOrdinal(other, line) > 0);

    private void InsertLines(string file, IReadOnlyList<string> added, Func<string, bool> isAfter)
    {
        var lines = Lines(file);
        int index = lines.FindIndex(line => isAfter(line));
        lines.InsertRange(index < 0 ? lines.Count : index, added);
        Write(file, string.Join('\n', lines) + "\n");
    }

    private string RecordOf(Declaration known)
        => Path.GetRelativePath(root, Directory.GetFiles(
            Path.Combine(root, Events), $"{known.Record}.cs", SearchOption.AllDirectories).Single());

    private List<string> Lines(string file) => [.. Read(file).TrimEnd('\n').Split('\n')];

    private string Read(string file) => File.ReadAllText(Path.Combine(root, file));

    private void Write(string file, string text)
    {
        string path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
