using System.Text;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// An endpoint at OpenAI that exists while this process runs, or is kept for the next. The endpoint's name contains an
/// id, and a file of this user has the same id. The process keeps the file locked. The next start deletes the endpoints
/// whose files are not locked, and no others. The file of a kept endpoint contains its secret.
/// </summary>
internal sealed class TemporaryEndpoint : IAsyncDisposable
{
    private const string NamePrefix = "openai-webhooks listen ";

    private static readonly TimeSpan DeleteTimeout = TimeSpan.FromSeconds(10);

    private readonly OpenAIApi _api;
    private readonly IAnsiConsole _console;
    private readonly FileStream _file;
    private readonly ApiEndpoint _endpoint;
    private readonly bool _isKept;

    private TemporaryEndpoint(
        OpenAIApi api, IAnsiConsole console, FileStream file, ApiEndpoint endpoint, bool isKept)
        => (_api, _console, _file, _endpoint, _isKept) = (api, console, file, endpoint, isKept);

    public string Secret
        => _endpoint.Secret ?? throw new ToolException("OpenAI's API gave no signing_secret for the new endpoint.");

    /// <summary>Whether the endpoint could not be deleted at OpenAI.</summary>
    public bool IsLeft { get; private set; }

    /// <summary>Creates an endpoint, or takes the one that was kept for the URL.</summary>
    public static async Task<TemporaryEndpoint> CreateAsync(
        OpenAIApi api,
        IAnsiConsole console,
        Uri url,
        IReadOnlyList<string> types,
        bool isKept,
        CancellationToken cancellationToken)
    {
        string folder = Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.Create) is { Length: > 0 } data
                ? data
                : Path.GetTempPath(),
            "openai-webhooks",
            "listen");
        Directory.CreateDirectory(folder);
        var endpoints = await api.ListAsync(cancellationToken);
        await DeleteLeftAsync(api, console, folder, endpoints, cancellationToken);
        if (FindKept(folder, endpoints, url) is var (keptFile, kept))
        {
            if (types.Count > 0 && !types.ToHashSet().SetEquals(kept.EventTypes))
            {
                kept = await api.SetTypesAsync(kept.Id, types, cancellationToken) with { Secret = kept.Secret };
            }

            console.MarkupLineInterpolated($"Uses the endpoint {kept.Id}, which was kept.");
            return new(api, console, keptFile, kept, isKept);
        }

        if (types.Count == 0)
        {
            types = await api.TypesAsync(cancellationToken);
        }

        SayWhatIsKept(console, folder, endpoints);
        string id = Guid.NewGuid().ToString("N");
        var file = PrivateFile.Open(Path.Combine(folder, id), FileMode.CreateNew);
        try
        {
            // Do not pass the token: if the id of a created endpoint were lost, the endpoint could not be deleted.
            var endpoint = await api.CreateAsync(NamePrefix + id, url, types, CancellationToken.None);
            if (isKept)
            {
                file.Write(Encoding.UTF8.GetBytes(endpoint.Secret ?? ""));
                file.Flush();
            }

            string count = Words.Count(endpoint.EventTypes.Count, "event type");
            string until = isKept ? "is kept" : "is deleted when this command ends";
            console.MarkupLineInterpolated(
                $"Created the endpoint {endpoint.Id} at OpenAI, for {count}. It {until}.");
            return new(api, console, file, endpoint, isKept);
        }
        catch
        {
            await file.DisposeAsync();
            File.Delete(file.Name);
            throw;
        }
    }

    /// <summary>Asks OpenAI to send a test event.</summary>
    public async Task TestAsync(Func<bool> hasArrived, CancellationToken cancellationToken)
    {
        if (_endpoint.EventTypes is not [var type, ..])
        {
            return;
        }

        try
        {
            int? status = await _api.TestAsync(_endpoint.Id, type, cancellationToken);
            string response = status is null ? "no response" : $"the status {status}";
            _console.MarkupLineInterpolated($"OpenAI sent a test event ({type}) and got {response}.");
            if (!hasArrived())
            {
                _console.MarkupLine("[yellow]Nothing has arrived here. Check that the tunnel is running and forwards "
                    + "to this port. Something else may respond at its URL.[/]");
            }
        }
        catch (ToolException exception)
        {
            _console.MarkupLineInterpolated(
                $"[yellow]The result of OpenAI's test event is unknown. {exception.Message}[/]");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isKept)
        {
            await _file.DisposeAsync();
            _console.MarkupLineInterpolated(
                $"The endpoint {_endpoint.Id} stays at OpenAI. To delete it, run listen without --keep.");
            return;
        }

        using var timeout = new CancellationTokenSource(DeleteTimeout);
        try
        {
            await _api.DeleteAsync(_endpoint.Id, timeout.Token);
            await _file.DisposeAsync();
            File.Delete(_file.Name);
            _console.MarkupLineInterpolated($"Deleted the endpoint {_endpoint.Id} at OpenAI.");
        }
        catch (Exception exception) when (exception is ToolException or OperationCanceledException)
        {
            IsLeft = true;
            await _file.DisposeAsync();
            _console.MarkupLineInterpolated(
                $"[red]The endpoint {_endpoint.Id} could not be deleted at OpenAI. {exception.Message}[/]");
            _console.MarkupLine("[red]The next run tries again.[/]");
        }
    }

    private static async Task DeleteLeftAsync(
        OpenAIApi api,
        IAnsiConsole console,
        string folder,
        IReadOnlyList<ApiEndpoint> endpoints,
        CancellationToken cancellationToken)
    {
        foreach (string path in Directory.GetFiles(folder))
        {
            // Keep a file without a matching endpoint: the endpoint may belong to another API key's project.
            if (Of(path, endpoints) is { } left && TryLock(path) is { } file)
            {
                await using (file)
                {
                    if (file.Length > 0)
                    {
                        continue;
                    }

                    await api.DeleteAsync(left.Id, cancellationToken);
                }

                File.Delete(path);
                console.MarkupLineInterpolated(
                    $"Deleted the endpoint {left.Id} at OpenAI, which a killed process had left behind.");
            }
        }
    }

    private static (FileStream File, ApiEndpoint Endpoint)? FindKept(
        string folder, IReadOnlyList<ApiEndpoint> endpoints, Uri url)
    {
        foreach (string path in Directory.GetFiles(folder))
        {
            if (Of(path, endpoints) is { } endpoint && endpoint.Url == url.ToString() && TryLock(path) is { } file)
            {
                using var reader = new StreamReader(file, leaveOpen: true);
                if (reader.ReadToEnd() is { Length: > 0 } secret)
                {
                    return (file, endpoint with { Secret = secret });
                }

                file.Dispose();
            }
        }

        return null;
    }

    private static void SayWhatIsKept(IAnsiConsole console, string folder, IReadOnlyList<ApiEndpoint> endpoints)
    {
        foreach (string path in Directory.GetFiles(folder))
        {
            if (Of(path, endpoints) is { } kept && TryLock(path) is { } file)
            {
                file.Dispose();
                console.WriteItem(
                    "[yellow]?[/]",
                    $"The endpoint {kept.Id} stays at OpenAI for {Words.OfUrl(kept.Url)}. To delete it, run listen for "
                    + "that URL without --keep.");
            }
        }
    }

    private static ApiEndpoint? Of(string path, IReadOnlyList<ApiEndpoint> endpoints)
        => endpoints.FirstOrDefault(endpoint => endpoint.Name == NamePrefix + Path.GetFileName(path));

    /// <summary>Locks a file. The process that created it keeps it locked until it ends.</summary>
    /// <returns>The file; null if that process is still running.</returns>
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
