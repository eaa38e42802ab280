using System.Data.Common;

namespace OpenAI.Webhooks.Quartz;

/// <summary>
/// The file of a SQLite database: which process handles its deliveries, and whether it is still where it was. It is
/// kept open.
/// </summary>
/// <remarks>
/// The lock is a file of its own: closing any descriptor of the database's file would drop SQLite's locks on it.
/// </remarks>
internal sealed class SqliteFile : IDisposable
{
    private const string DescriptorFolder = "/proc/self/fd";

    private readonly DbConnection _connection;
    private readonly string _lockPath;
    private string? _descriptor;
    private FileStream? _lock;

    /// <summary>Takes over an open connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="path">The file's path, without symbolic links.</param>
    /// <param name="scheduler">The scheduler whose deliveries are in it.</param>
    public SqliteFile(DbConnection connection, string path, string scheduler)
    {
        _connection = connection;
        Path = path;
        _lockPath = $"{path}-{scheduler}";
        _descriptor = FindDescriptor();
    }

    public string Path { get; }

    /// <summary>Whether this process may handle deliveries: no other one does.</summary>
    public bool TryLock()
    {
        try
        {
            _lock ??= new FileStream(_lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException) when (File.Exists(_lockPath))
        {
            return false;
        }
    }

    /// <summary>Lets another process handle deliveries.</summary>
    public void Unlock()
    {
        _lock?.Dispose();
        _lock = null;
    }

    /// <summary>
    /// Checks that the file is where it was. SQLite goes on writing to one that was moved or deleted.
    /// </summary>
    /// <exception cref="IOException">It is not. The message says what to do.</exception>
    public void RequireInPlace()
    {
        if (_descriptor is null || LinkOf(_descriptor) == Path)
        {
            return;
        }

        // The number may belong to something else by now.
        _descriptor = FindDescriptor() ?? throw new IOException(
            $"The SQLite file {Path} was moved, replaced or deleted while this process had it open, so what is stored "
            + "would be lost. "
            + "Put the file back, together with its -wal file, and restart the process.");
    }

    public void Dispose()
    {
        Unlock();
        _connection.Dispose();
    }

    // One of this process's descriptors of the file; null where the system does not show them. The link of one shows
    // where the file is now, or that it was deleted.
    private string? FindDescriptor()
        => OperatingSystem.IsLinux()
            ? Array.Find(Directory.GetFileSystemEntries(DescriptorFolder), entry => LinkOf(entry) == Path)
            : null;

    private static string? LinkOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // closed meanwhile
        }
    }
}
