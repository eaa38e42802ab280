namespace OpenAI.Webhooks.Tool;

/// <summary>Files that only their owner may read.</summary>
internal static class PrivateFile
{
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = Open(path);
        file.SetLength(0);
        file.Write(bytes);
    }

    /// <summary>Opens or creates a file, and locks it until it is closed.</summary>
    /// <exception cref="IOException">For example, another process has locked the file.</exception>
    public static FileStream Open(string path, FileMode mode = FileMode.OpenOrCreate)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    /// <exception cref="ToolException">There is none.</exception>
    public static byte[] Read(FileInfo file)
        => Directory.Exists(file.FullName) ? throw new ToolException($"{file.FullName} is a folder.", "Specify a file.")
            : file.Exists ? File.ReadAllBytes(file.FullName)
            : throw new ToolException($"There is no file {file.FullName}.");
}
