using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>listen</c>: a receiver that verifies and shows each delivery. It can forward and save deliveries, and can
/// register a temporary endpoint at OpenAI while it runs.
/// </summary>
internal static class ListenCommand
{
    // The library's own limit.
    private const int MaxBody = 256 * 1024;

    private static readonly string[] NotForwarded =
        ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"];

    public static Command Create(IAnsiConsole console)
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
        var command = new Command(
            "listen",
            "Receives, verifies and shows deliveries.") { port, forward, save, showPrivate, publicUrl, types, store };
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
                && (result.GetValue(store) || result.GetValue(types) is { Length: > 0 }))
            {
                result.AddError("--store-secret and --types need --public-url.");
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
                : OpenAIApi.From(parsed, apiOptions) ?? throw new ToolException(
                    "--public-url needs an API key.",
                    $"Set {OpenAIApi.KeyVariable}, or name another variable with --api-key-from.");
            var verifier = api is null ? new WebhookVerifier(secrets.Require(parsed)[0]) : null;
            CreateFolder(parsed.GetValue(save));
            var receiver = new Receiver(
                console,
                parsed.GetValue(forward),
                parsed.GetValue(save),
                parsed.GetValue(showPrivate))
            { Verifier = verifier };
            await using var app = await receiver.StartAsync(parsed.GetValue(port), source.Token);
            if (api is not null)
            {
                return await WithEndpointAsync(api, receiver) ? 0 : 1;
            }

            await WaitAsync(source.Token);
            return 0;

            async Task<bool> WithEndpointAsync(OpenAIApi api, Receiver receiver)
            {
                using var stored = parsed.GetValue(store) ? secrets.BeginStoring(parsed) : null;
                var endpoint = await TemporaryEndpoint.CreateAsync(
                    api, console, url!, parsed.GetValue(types) ?? [], source.Token);
                await using (endpoint)
                {
                    receiver.Verifier = new WebhookVerifier(endpoint.Secret);
                    stored?.Set(endpoint.Secret);
                    console.MarkupLineInterpolated(
                        stored is null
                            ? $"Its secret, until this command ends: {endpoint.Secret}"
                            : (FormattableString)$"Its secret is in {stored.Path} until this command ends.");
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

    private sealed class Receiver(IAnsiConsole console, Uri? forward, DirectoryInfo? save, bool showsPrivate)
    {
        private int _count;

        public bool HasReceived { get; private set; }

        /// <summary>Null until the secret is known. Earlier deliveries are not acknowledged.</summary>
        public WebhookVerifier? Verifier { get; set; }

        public async Task<WebApplication> StartAsync(int port, CancellationToken cancellationToken)
        {
            // An empty configuration, so that no appsettings.json or environment variable of the application under
            // development has an effect.
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}").ConfigureKestrel(
                kestrel => kestrel.Limits.MaxRequestBodySize = MaxBody);
            var app = builder.Build();
            app.Run(ReceiveAsync);
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
            {
                await app.DisposeAsync();
                throw new ToolException(
                    $"Cannot listen on port {port}: it is in use or reserved.",
                    "Choose another port with --port, or 0 for a free one.");
            }

            console.MarkupLineInterpolated($"Listening on {app.Urls.Single()}. Press Ctrl+C to stop.");
            return app;
        }

        private async Task ReceiveAsync(HttpContext context)
        {
            string line = $"[grey]{DateTime.Now.ToString("T", CultureInfo.InvariantCulture)}[/] "
                + $"{Shown($"{context.Request.Method} {context.Request.Path}")}";
            byte[] body;
            try
            {
                using var buffer = new MemoryStream();
                await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
                body = buffer.ToArray();
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                context.Response.StatusCode =
                    (exception as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
                string reason = context.Response.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? $"The body is longer than {MaxBody} bytes."
                    : "The body is incomplete.";
                console.MarkupLine($"{line} [red]✗ {context.Response.StatusCode}[/] {reason}");
                return;
            }

            if (Verifier is not { } verifier)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            HasReceived = true;
            var delivery = new SavedDelivery(
                [.. context.Request.Headers.SelectMany(header => header.Value, (header, value) =>
                    KeyValuePair.Create(header.Key, value ?? ""))],
                body);
            var headers = delivery.WebhookHeaders;
            if (save is not null)
            {
                string id = string.Concat((headers.Id ?? "").Where(char.IsAsciiLetterOrDigit).Take(60));
                delivery.Write(Path.Combine(save.FullName, $"{Interlocked.Increment(ref _count):D4}-{id}.http"));
            }

            if (!verifier.TryVerify(body, headers, out var failure))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                console.MarkupLine(
                    $"{line} [red]✗ 400[/] {Shown(new InvalidWebhookSignatureException(failure).Message)}");
                return;
            }

            string what;
            try
            {
                var webhookEvent = WebhookEvent.Parse(body);
                what = $"[green]✓[/] [bold]{Shown(webhookEvent.Type)}[/] "
                    + $"{Shown($"{webhookEvent.Id} {PrivateText.Of(body, showsPrivate)}")}";
            }
            catch (System.Text.Json.JsonException exception)
            {
                what = $"[yellow]![/] authentic, but the event cannot be read: {Shown(exception.Message)}";
            }

            string forwarded = "";
            if (forward is not null)
            {
                (context.Response.StatusCode, forwarded) = await ForwardAsync(context, body);
            }

            console.MarkupLine($"{line} {what}{forwarded}");
        }

        // Control characters would reach the terminal.
        private static string Shown(string text)
            => Markup.Escape(string.Concat(text.Select(character => char.IsControl(character) ? '\uFFFD' : character)));

        private async Task<(int Status, string Text)> ForwardAsync(HttpContext context, byte[] body)
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), forward)
            {
                Content = new ByteArrayContent(body),
            };
            foreach (
                var header in context.Request.Headers
                    .Where(header => !NotForwarded.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
            {
                if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable()))
                {
                    request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable());
                }
            }

            try
            {
                using var deliverer = new Deliverer(forward!);
                var response = await deliverer.SendAsync(request, context.RequestAborted);
                return (response.Status, $" → {Markup.Escape(response.Summary)}");
            }
            catch (NoResponseException exception)
            {
                return (StatusCodes.Status502BadGateway, $" → [red]no response: {Markup.Escape(exception.Message)}[/]");
            }
        }
    }
}
