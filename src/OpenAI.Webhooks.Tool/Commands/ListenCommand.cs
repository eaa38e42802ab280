using System.CommandLine;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>listen</c>: a receiver that verifies and shows each delivery. It can forward and save deliveries, and can
/// register a temporary endpoint at OpenAI while it runs.
/// </summary>
internal static class ListenCommand
{
    public static Command Create(IAnsiConsole console, IAnsiConsole error)
    {
        var port = new Option<int>("--port")
        {
            Description = "The port to listen on; 0 for a free one.",
            DefaultValueFactory = _ => 5080,
        };
        var forward = UrlOption.Create("--forward", "Forward each delivery to this URL, and return its response.");
        var save = new Option<DirectoryInfo>("--save")
        {
            Description =
                "Save each delivery as a file in this folder. The files contain everything that OpenAI sends.",
            HelpName = "DIR",
        };
        var showPrivate = new Option<bool>("--show-private")
        {
            Description = "Do not mask phone numbers, addresses and URLs.",
        };
        var publicUrl = UrlOption.Create(
            "--public-url",
            "The tunnel's https URL for this port. An endpoint for it is created at OpenAI, and deleted when the "
            + "command ends.");
        var types = new Option<string[]>("--types")
        {
            Description =
                "The event types that the endpoint subscribes to. Default: all types available to the project.",
            AllowMultipleArgumentsPerToken = true,
        };
        var store = new Option<bool>("--store-secret")
        {
            Description = $"Store the endpoint's secret in the project's user secrets as {SecretOptions.Variable} "
                + "instead of printing it.",
        };
        var keep = new Option<bool>("--keep")
        {
            Description = "Keep the endpoint and its secret for the next start, so that the application need not be "
                + "restarted.",
        };
        var json = new Option<bool>("--json") { Description = "Write a line of JSON for each delivery." };
        var command = new Command(
            "listen",
            "Receives, verifies and shows deliveries.")
        { port, forward, save, showPrivate, json, publicUrl, types, store, keep };
        var secrets = new SecretOptions(command);
        var apiOptions = OpenAIApi.AddOptions(command);
        port.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }]
                && int.TryParse(text, out int number)
                && number is < 0 or > ushort.MaxValue)
            {
                result.AddError("--port must be between 0 and 65535.");
            }
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(publicUrl) is null
                && (result.GetValue(store) || result.GetValue(keep) || result.GetValue(types) is { Length: > 0 }))
            {
                result.AddError("--store-secret, --keep and --types need --public-url.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var hangup = CancelOn(PosixSignal.SIGHUP, source);
            using var quit = CancelOn(PosixSignal.SIGQUIT, source);
            var url = parsed.GetValue(publicUrl);
            if (url is { Scheme: not "https" })
            {
                throw new ToolException(
                    "OpenAI delivers only to https URLs.", "Set --public-url to the tunnel's https URL.");
            }

            using var api = url is null
                ? null
                : OpenAIApi.From(parsed, apiOptions, CancellationToken.None) ?? throw new ToolException(
                    "--public-url needs an API key.",
                    $"Set {OpenAIApi.KeyVariable}, or name another variable with --api-key-from.");
            var found = api is null ? secrets.Find(parsed) : [];
            bool isForPeople = !parsed.GetValue(json);
            var info = isForPeople ? console : error;
            CreateFolder(parsed.GetValue(save));
            var receiver = new DeliveryReceiver(
                console,
                info,
                isForPeople,
                parsed.GetValue(forward),
                parsed.GetValue(save),
                parsed.GetValue(showPrivate))
            {
                Verifies = api is not null || found.Count > 0,
                Verifier = found.Count == 0 ? null : new(new WebhookVerifierOptions { Secrets = [.. found] }),
            };
            if (!receiver.Verifies)
            {
                info.WriteItem("[yellow]?[/]", "Nothing is verified, because no secret was found. Set "
                    + $"{SecretOptions.Variable}, or name another variable with --secret-from.");
            }

            await using var app = await receiver.StartAsync(parsed.GetValue(port), source.Token);
            if (api is not null)
            {
                return await WithEndpointAsync(api, receiver) ? 0 : 1;
            }

            await WaitAsync(source.Token);
            return 0;

            async Task<bool> WithEndpointAsync(OpenAIApi api, DeliveryReceiver receiver)
            {
                bool isKept = parsed.GetValue(keep);
                using var stored = parsed.GetValue(store) ? secrets.BeginStoring(parsed, isKept) : null;
                var endpoint = await TemporaryEndpoint.CreateAsync(
                    api, info, url!, parsed.GetValue(types) ?? [], isKept, source.Token);
                await using (endpoint)
                {
                    receiver.Verifier = new WebhookVerifier(endpoint.Secret);
                    stored?.Set(endpoint.Secret);
                    string until = isKept ? "" : " until this command ends";
                    info.MarkupLineInterpolated(
                        stored is null
                            ? $"Its secret{until}: {endpoint.Secret}"
                            : (FormattableString)$"Its secret is in {stored.Path}{until}.");
                    await endpoint.TestAsync(() => receiver.HasReceived, source.Token);
                    await WaitAsync(source.Token);
                }

                return !endpoint.IsLeft;
            }
        });
        return command;
    }

    private static void CreateFolder(DirectoryInfo? folder)
    {
        try
        {
            folder?.Create();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"--save needs a folder, but {folder} cannot be used: {exception.Message}");
        }
    }

    private static PosixSignalRegistration? CancelOn(PosixSignal signal, CancellationTokenSource source)
        => OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            source.Cancel();
        });

    private static Task WaitAsync(CancellationToken cancellationToken)
        => Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
