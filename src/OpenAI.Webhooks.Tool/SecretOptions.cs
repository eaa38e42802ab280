using System.CommandLine;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// The source of the secret: an environment variable, or the user secrets of a project. The secret is not an argument,
/// because shell histories would keep it.
/// </summary>
internal sealed class SecretOptions
{
    public const string Variable = "OPENAI_WEBHOOK_SECRET";

    private readonly Option<string> _from = new("--secret-from")
    {
        Description = $"The environment variable that contains the webhook's secret. Default: {Variable}, then the "
            + "project's user secrets.",
        HelpName = "ENVVAR",
    };
    private readonly Option<FileInfo> _project = new("--project")
    {
        Description = "The project file, or its folder, whose user secrets are used. Default: this folder.",
        HelpName = "PROJECT",
    };

    public SecretOptions(Command command)
    {
        command.Add(_from);
        command.Add(_project);
    }

    /// <summary>The secrets; empty if there are none. Sources named on the command line take precedence.</summary>
    public IReadOnlyList<string> Find(ParseResult parsed)
    {
        if (parsed.GetValue(_from) is { } variable)
        {
            return Usable(
                EnvironmentVariable.Require("--secret-from", variable, "the webhook's secret"),
                "the variable that --secret-from names");
        }

        if (parsed.GetValue(_project) is null && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } usual)
        {
            return Usable(usual, Variable);
        }

        string? path = UserSecretsPath(parsed);
        if (path is null || !File.Exists(path))
        {
            return [];
        }

        var secrets = StoredSecret.Read(path);
        IEnumerable<string?> listed = secrets
            .Where(secret => secret.Key.StartsWith("OpenAI:Webhooks:Secrets:", StringComparison.OrdinalIgnoreCase))
            .Select(secret => secret.Value?.ToString());
        return Usable(string.Join(' ', listed.Append(secrets[Variable]?.ToString())), "user secrets");
    }

    /// <summary>The secrets; there is at least one.</summary>
    public IReadOnlyList<string> Require(ParseResult parsed)
        => Find(parsed) is { Count: > 0 } secrets ? secrets : throw new ToolException(
        "No webhook secret was found.", $"Set the environment variable {Variable}, name another with --secret-from, or "
            + "run this command in the folder of a project with user secrets (dotnet user-secrets init, then dotnet "
            + $"user-secrets set {Variable} …).");

    /// <summary>Prepares to store a secret in the project's user secrets.</summary>
    public StoredSecret BeginStoring(ParseResult parsed, bool isKept)
        => StoredSecret.Begin(
            UserSecretsPath(parsed) ?? throw new ToolException(
                "There is no project with user secrets here.",
                "Run dotnet user-secrets init in the project's folder, or name the project with --project."),
            isKept);

    // A variable can hold several secrets, separated by white space, as the library reads it.
    private static string[] Usable(string text, string origin)
    {
        string[] secrets = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        try
        {
            foreach (string secret in secrets)
            {
                _ = new WebhookSigner(secret);
            }

            return secrets;
        }
        catch (ArgumentException exception)
        {
            string reason =
                exception.Message.Replace($" (Parameter '{exception.ParamName}')", "", StringComparison.Ordinal);
            throw new ToolException($"The secret in {origin} is invalid. {reason}");
        }
    }

    private string? UserSecretsPath(ParseResult parsed)
    {
        string project = parsed.GetValue(_project)?.FullName ?? ".";
        if (!File.Exists(project) && !Directory.Exists(project))
        {
            throw new ToolException($"There is no project {project}.");
        }

        string[] projects = File.Exists(project) ? [project] : Directory.GetFiles(project, "*.*proj");
        string? id = projects
            .Select(file => Regex.Match(File.ReadAllText(file), "<UserSecretsId>\\s*([^<\\s]+)\\s*</UserSecretsId>"))
            .FirstOrDefault(match => match.Success)?.Groups[1].Value;
        string root = OperatingSystem.IsWindows()
            ? Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "Microsoft", "UserSecrets")
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".microsoft", "usersecrets");
        return id is null ? null : Path.Combine(root, id, "secrets.json");
    }
}
