namespace OpenAI.Webhooks.Tool;

/// <summary>Files that only their owner may read.</summary>
internal static class PrivateFile
{
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
    }

    /// <exception cref="ToolException">There is none.</exception>
    public static byte[] Read(FileInfo file)
        => Directory.Exists(file.FullName) ? throw new ToolException($"{file.FullName} is a folder.", "Name a file.")
            : file.Exists ? File.ReadAllBytes(file.FullName)
            : throw new ToolException($"There is no file {file.FullName}.");
}
