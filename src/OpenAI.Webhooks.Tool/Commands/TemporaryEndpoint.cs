using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// An endpoint at OpenAI that exists while this process runs. The endpoint's name contains an id, and a file of this
/// user has the same id. The process keeps the file locked. The next start deletes the endpoints whose files are not
/// locked, and no others.
/// </summary>
internal sealed class TemporaryEndpoint : IAsyncDisposable
{
    private const string NamePrefix = "openai-webhooks listen ";

    private static readonly TimeSpan DeleteTimeout = TimeSpan.FromSeconds(10);

    private readonly OpenAIApi _api;
    private readonly IAnsiConsole _console;
    private readonly FileStream _file;
    private readonly ApiEndpoint _endpoint;

    private TemporaryEndpoint(OpenAIApi api, IAnsiConsole console, FileStream file, ApiEndpoint endpoint)
        => (_api, _console, _file, _endpoint) = (api, console, file, endpoint);

    public string Secret
        => _endpoint.Secret ?? throw new ToolException("OpenAI's API gave no signing_secret for the new endpoint.");

    /// <summary>Whether the endpoint could not be deleted at OpenAI.</summary>
    public bool IsLeft { get; private set; }

    public static async Task<TemporaryEndpoint> CreateAsync(
        OpenAIApi api, IAnsiConsole console, Uri url, IReadOnlyList<string> types, CancellationToken cancellationToken)
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
        await DeleteLeftAsync(api, console, folder, cancellationToken);
        if (types.Count == 0)
        {
            types = await api.TypesAsync(cancellationToken);
        }

        string id = Guid.NewGuid().ToString("N");
        var file = new FileStream(Path.Combine(folder, id), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        try
        {
            // Do not pass the token: if the id of a created endpoint were lost, the endpoint could not be deleted.
            var endpoint = await api.CreateAsync(NamePrefix + id, url, types, CancellationToken.None);
            string count = Words.Count(endpoint.EventTypes.Count, "event type");
            console.MarkupLineInterpolated(
                $"Created the endpoint {endpoint.Id} at OpenAI, for {count}. It is deleted when this command ends.");
            return new(api, console, file, endpoint);
        }
        catch
        {
            file.Dispose();
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
        OpenAIApi api, IAnsiConsole console, string folder, CancellationToken cancellationToken)
    {
        var endpoints = await api.ListAsync(cancellationToken);
        foreach (string path in Directory.GetFiles(folder))
        {
            // Keep a file without a matching endpoint: the endpoint may belong to another API key's project.
            if (endpoints.FirstOrDefault(endpoint => endpoint.Name == NamePrefix + Path.GetFileName(path)) is { } left
                && TryLock(path) is { } file)
            {
                await using (file)
                {
                    await api.DeleteAsync(left.Id, cancellationToken);
                }

                File.Delete(path);
                console.MarkupLineInterpolated(
                    $"Deleted the endpoint {left.Id} at OpenAI, which a killed process had left behind.");
            }
        }
    }

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
