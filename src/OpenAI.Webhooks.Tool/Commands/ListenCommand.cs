using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>
/// <c>listen</c>: a receiver that verifies and shows each delivery. It can forward and save them, and have OpenAI send to it
/// for as long as it runs.
/// </summary>
internal static class ListenCommand
{
    // The library's own limit.
    private const int MaxBody = 256 * 1024;

    private static readonly string[] NotForwarded = ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"];

    public static Command Create(IAnsiConsole console)
    {
        var port = new Option<int>("--port") { Description = "The port to listen on; 0 for a free one.", DefaultValueFactory = _ => 5080 };
        var forward = UrlOption.Create("--forward", "Hand each delivery on to this URL, and its answer back.");
        var save = new Option<DirectoryInfo>("--save") { Description = "Keep each delivery as a file in this folder. They hold whatever OpenAI sends.", HelpName = "DIR" };
        var showPrivate = new Option<bool>("--show-private") { Description = "Do not mask phone numbers, addresses and URLs." };
        var publicUrl = UrlOption.Create("--public-url", "The https URL by which a tunnel reaches this port. An endpoint is created at OpenAI for it, and deleted at the end.");
        var types = new Option<string[]>("--types") { Description = "The event types that endpoint subscribes to. Otherwise: all that the project can have.", AllowMultipleArgumentsPerToken = true };
        var store = new Option<bool>("--store-secret") { Description = $"Store that endpoint's secret in the project's user secrets, as {SecretOptions.Variable}, instead of printing it." };
        var command = new Command("listen", "Receives, verifies and shows deliveries.") { port, forward, save, showPrivate, publicUrl, types, store };
        var secrets = new SecretOptions(command);
        var apiOptions = OpenAIApi.AddOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var hangup = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                source.Cancel();
            });
            var url = parsed.GetValue(publicUrl);
            if (url is { Scheme: not "https" })
            {
                throw new ToolException("OpenAI delivers to https only. Give --public-url the tunnel's https address.");
            }

            using var api = url is null ? null : OpenAIApi.From(parsed, apiOptions) ?? throw new ToolException($"--public-url needs an API key in the environment variable {parsed.GetValue(apiOptions.KeyFrom)}.");
            parsed.GetValue(save)?.Create();
            var receiver = new Receiver(console, parsed.GetValue(forward), parsed.GetValue(save), parsed.GetValue(showPrivate));
            await using var app = await receiver.StartAsync(parsed.GetValue(port), source.Token);
            if (api is null)
            {
                receiver.Verifier = new WebhookVerifier(secrets.Require(parsed)[0]);
                await WaitAsync(source.Token);
            }
            else
            {
                await using var endpoint = await TemporaryEndpoint.CreateAsync(api, console, url!, parsed.GetValue(types) ?? [], source.Token);
                receiver.Verifier = new WebhookVerifier(endpoint.Secret);
                console.MarkupLineInterpolated($"{(parsed.GetValue(store) ? $"Its secret is in {secrets.Store(parsed, endpoint.Secret)}." : $"Its secret, until this ends: {endpoint.Secret}")}");
                await endpoint.TestAsync(source.Token);
                await WaitAsync(source.Token);
            }

            return 0;
        });
        return command;
    }

    private static Task WaitAsync(CancellationToken cancellationToken)
        => Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private sealed class Receiver(IAnsiConsole console, Uri? forward, DirectoryInfo? save, bool showsPrivate)
    {
        private int _count;

        /// <summary>Null until it is known; a delivery before is not acknowledged.</summary>
        public WebhookVerifier? Verifier { get; set; }

        public async Task<WebApplication> StartAsync(int port, CancellationToken cancellationToken)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBody);
            var app = builder.Build();
            app.Run(ReceiveAsync);
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch (IOException)
            {
                await app.DisposeAsync();
                throw new ToolException($"Port {port} is taken. Choose another with --port, or 0 for a free one.");
            }

            console.MarkupLineInterpolated($"Listening on {app.Urls.Single()}. Ctrl+C ends it.");
            return app;
        }

        private async Task ReceiveAsync(HttpContext context)
        {
            var headers = WebhookHeaders.From(name => context.Request.Headers[name]);
            using var buffer = new MemoryStream();
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            byte[] body = buffer.ToArray();
            string line = $"[grey]{DateTime.Now.ToString("T", CultureInfo.InvariantCulture)}[/] {Markup.Escape($"{context.Request.Method} {context.Request.Path}")}";
            if (Verifier is not { } verifier)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            if (!verifier.TryVerify(body, headers, out var failure))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                console.MarkupLine($"{line} [red]✗ 400[/] {Markup.Escape(new InvalidWebhookSignatureException(failure).Message)}");
                return;
            }

            string what;
            try
            {
                var webhookEvent = WebhookEvent.Parse(body);
                what = $"[green]✓[/] [bold]{Markup.Escape(webhookEvent.Type)}[/] {Markup.Escape($"{webhookEvent.Id} {PrivateText.Of(body, showsPrivate)}")}";
            }
            catch (System.Text.Json.JsonException exception)
            {
                what = $"[yellow]![/] authentic, but not an event that can be read: {Markup.Escape(exception.Message)}";
            }

            if (save is not null)
            {
                var delivery = new SavedDelivery([.. context.Request.Headers.SelectMany(header => header.Value, (header, value) => KeyValuePair.Create(header.Key, value ?? ""))], body);
                string name = $"{Interlocked.Increment(ref _count):D4}-{string.Concat((headers.Id ?? "").Where(char.IsAsciiLetterOrDigit).Take(60))}.http";
                await delivery.WriteAsync(Path.Combine(save.FullName, name), context.RequestAborted);
            }

            string forwarded = "";
            if (forward is not null)
            {
                (context.Response.StatusCode, forwarded) = await ForwardAsync(context, body);
            }

            console.MarkupLine($"{line} {what}{forwarded}");
        }

        private async Task<(int Status, string Text)> ForwardAsync(HttpContext context, byte[] body)
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), forward) { Content = new ByteArrayContent(body) };
            foreach (var header in context.Request.Headers.Where(header => !NotForwarded.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
            {
                if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable()))
                {
                    request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value.AsEnumerable());
                }
            }

            try
            {
                using var deliverer = new Deliverer(forward!);
                var answer = await deliverer.SendAsync(request, context.RequestAborted);
                return (answer.Status, $" → {Markup.Escape(answer.Summary)}");
            }
            catch (NoAnswerException exception)
            {
                return (StatusCodes.Status502BadGateway, $" → [red]no answer: {Markup.Escape(exception.Message)}[/]");
            }
        }
    }
}
