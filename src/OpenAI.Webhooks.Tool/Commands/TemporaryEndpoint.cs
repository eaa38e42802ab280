using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// An endpoint at OpenAI for as long as this process runs. Its name says which process of which machine made it, so that the
/// next start can remove what a killed one left, and nothing else.
/// </summary>
internal sealed partial class TemporaryEndpoint : IAsyncDisposable
{
    private static readonly TimeSpan DeleteTimeout = TimeSpan.FromSeconds(10);

    private readonly OpenAIApi _api;
    private readonly IAnsiConsole _console;
    private readonly ApiEndpoint _endpoint;

    private TemporaryEndpoint(OpenAIApi api, IAnsiConsole console, ApiEndpoint endpoint) => (_api, _console, _endpoint) = (api, console, endpoint);

    public string Secret => _endpoint.Secret ?? throw new ToolException("OpenAI's API gave no signing_secret for the new endpoint.");

    public static async Task<TemporaryEndpoint> CreateAsync(OpenAIApi api, IAnsiConsole console, Uri url, IReadOnlyList<string> types, CancellationToken cancellationToken)
    {
        foreach (var left in (await api.ListAsync(cancellationToken)).Where(endpoint => IsLeft(endpoint.Name)))
        {
            await api.DeleteAsync(left.Id, cancellationToken);
            console.MarkupLineInterpolated($"Deleted the endpoint {left.Id}, which a process that was killed had left at OpenAI.");
        }

        if (types.Count == 0)
        {
            types = await api.TypesAsync(cancellationToken);
        }

        // Not cancelled: an endpoint whose id is not known could not be deleted.
        var endpoint = await api.CreateAsync(NameOf(Process.GetCurrentProcess()), url, types, CancellationToken.None);
        console.MarkupLineInterpolated($"Created the endpoint {endpoint.Id} at OpenAI, for {endpoint.EventTypes.Count} event types. It is deleted when this ends.");
        return new(api, console, endpoint);
    }

    /// <summary>Has OpenAI send a test event.</summary>
    public async Task TestAsync(CancellationToken cancellationToken)
    {
        if (_endpoint.EventTypes is [var type, ..])
        {
            int? status = await _api.TestAsync(_endpoint.Id, type, cancellationToken);
            _console.MarkupLineInterpolated($"OpenAI sent a test event ({type}) and got {(status is null ? "no answer: check that the tunnel leads to this port" : $"the status {status}")}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(DeleteTimeout);
        try
        {
            await _api.DeleteAsync(_endpoint.Id, timeout.Token);
            _console.MarkupLineInterpolated($"Deleted the endpoint {_endpoint.Id} at OpenAI.");
        }
        catch (Exception exception) when (exception is ToolException or OperationCanceledException)
        {
            _console.MarkupLineInterpolated($"[red]The endpoint {_endpoint.Id} could not be deleted at OpenAI; the next start tries again. {exception.Message}[/]");
        }
    }

    private static string NameOf(Process process)
        => string.Create(CultureInfo.InvariantCulture, $"openai-webhooks listen: {Environment.MachineName}, process {process.Id}, since {new DateTimeOffset(process.StartTime).ToUnixTimeSeconds()}");

    // Made on this machine, by a process that does not run any more.
    private static bool IsLeft(string name)
    {
        if (NamePattern().Match(name) is not { Success: true } match || match.Groups["machine"].Value != Environment.MachineName)
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(int.Parse(match.Groups["process"].Value, CultureInfo.InvariantCulture));

            // The start time is rounded from the uptime, and may differ by a second.
            return Math.Abs(new DateTimeOffset(process.StartTime).ToUnixTimeSeconds() - long.Parse(match.Groups["since"].Value, CultureInfo.InvariantCulture)) > 2;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^openai-webhooks listen: (?<machine>.+), process (?<process>\d{1,9}), since (?<since>\d{1,12})$")]
    private static partial Regex NamePattern();
}
