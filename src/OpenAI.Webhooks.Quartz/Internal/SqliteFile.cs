using System.Collections.Concurrent;
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

    // The file, its write-ahead log and that log's index, with a descriptor that this process has of each; null where
    // the system does not show them.
    private readonly ConcurrentDictionary<string, string?> _descriptors = new();
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
        foreach (string file in new[] { path, $"{path}-wal", $"{path}-shm" })
        {
            _descriptors[file] = FindDescriptor(file);
        }
    }

    public string Path { get; }

    /// <summary>Whether a process has ever handled deliveries of the file, or does.</summary>
    public bool HasLock => File.Exists(_lockPath);

    /// <summary>
    /// Whether this process may handle deliveries: no other one does. If the lock was deleted, it is taken again.
    /// </summary>
    public bool TryLock()
    {
        try
        {
            if (_lock is null || IsDeleted(_lock))
            {
                var deleted = _lock;
                _lock = new FileStream(_lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                deleted?.Dispose();
            }

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
    /// Checks that the files are where they were. SQLite goes on writing to one that was moved or deleted.
    /// </summary>
    /// <exception cref="IOException">One is not. The message says what to do.</exception>
    public void RequireInPlace()
    {
        foreach (var (path, descriptor) in _descriptors)
        {
            if (descriptor is not null && LinkOf(descriptor) != path)
            {
                // The number may belong to something else by now.
                _descriptors[path] = FindDescriptor(path) ?? throw new IOException(
                    $"The SQLite file {path} was moved, replaced or deleted while this process had it open, so what is "
                    + "stored would be lost. Put the file back, together with the others that begin with its name, and "
                    + "restart the process.");
            }
        }
    }

    public void Dispose()
    {
        Unlock();
        _connection.Dispose();
    }

    private bool IsDeleted(FileStream file)
        => LinkOf($"{DescriptorFolder}/{file.SafeFileHandle.DangerousGetHandle()}") is { } link && link != _lockPath;

    // The link of a descriptor shows where the file is now, or that it was deleted.
    private static string? FindDescriptor(string path)
        => OperatingSystem.IsLinux()
            ? Array.Find(Directory.GetFileSystemEntries(DescriptorFolder), entry => LinkOf(entry) == path)
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
