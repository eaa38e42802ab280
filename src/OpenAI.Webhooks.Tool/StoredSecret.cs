using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool;

/// <summary>
/// A secret in a project's user secrets while this process runs. The previous value is kept in a file in the same
/// folder, and this process keeps that file locked. If the process is killed, the next run restores the previous value.
/// </summary>
internal sealed class StoredSecret : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly FileStream _before;

    private StoredSecret(string path, FileStream before) => (Path, _before) = (path, before);

    /// <summary>Whether the secret stays when this ends. The previous value is then restored by a later run.</summary>
    public bool IsKept { get; init; }

    /// <summary>The file with the user secrets.</summary>
    public string Path { get; }

    /// <exception cref="ToolException">Another process has stored a secret there.</exception>
    public static StoredSecret Begin(string path, bool isKept)
    {
        string kept = path + ".before-listen";
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        FileStream file;
        try
        {
            file = PrivateFile.Open(kept);
        }
        catch (IOException)
        {
            throw new ToolException(
                $"Another running listen command has stored its secret in {path}.",
                "Stop that command, or omit --store-secret.");
        }

        var stored = new StoredSecret(path, file) { IsKept = isKept };
        try
        {
            if (file.Length > 0)
            {
                stored.PutBack();
            }

            file.SetLength(0);
            file.Write(
                Encoding.UTF8.GetBytes(
                    new JsonObject
                    {
                        [SecretOptions.Variable] = Read(path)[SecretOptions.Variable]?.ToString(),
                    }.ToJsonString()));
            file.Flush();
            return stored;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Set(string? secret)
    {
        var secrets = Read(Path);
        secrets.Remove(SecretOptions.Variable);
        if (secret is not null)
        {
            secrets[SecretOptions.Variable] = secret;
        }

        PrivateFile.Write(Path, Encoding.UTF8.GetBytes(secrets.ToJsonString(Indented)));
    }

    public void Dispose()
    {
        if (IsKept)
        {
            _before.Dispose();
            return;
        }

        PutBack();
        _before.Dispose();
        File.Delete(_before.Name);
    }

    private void PutBack()
    {
        _before.Position = 0;
        Set(JsonNode.Parse(_before)?[SecretOptions.Variable]?.ToString());
        _before.Position = 0;
    }

    public static JsonObject Read(string path)
    {
        try
        {
            return !File.Exists(path) ? [] : JsonNode.Parse(File.ReadAllText(path), documentOptions: new()
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            }) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            throw new ToolException($"The user secrets in {path} are not JSON.", "Fix the file.");
        }
    }
}
