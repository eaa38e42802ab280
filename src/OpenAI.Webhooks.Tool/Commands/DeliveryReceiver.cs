using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using OpenAI.Webhooks.Tool.Diagnosis;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary>The server of <c>listen</c>: verifies, saves, forwards and shows each delivery.</summary>
internal sealed class DeliveryReceiver(
    IAnsiConsole console, IAnsiConsole info, bool isForPeople, Uri? forward, DirectoryInfo? save, bool showsPrivate)
{
    // The library's own limit.
    private const int MaxBody = 256 * 1024;

    private static readonly string[] NotForwarded =
        ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"];

    // Types and ids are short, but anyone can send a long one.
    private const int MaxText = 100;

    // A line is for programs, and people read it, too.
    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public bool HasReceived { get; private set; }

    /// <summary>Whether deliveries are verified. If not, they are shown all the same.</summary>
    public required bool Verifies { get; init; }

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

        info.MarkupLineInterpolated($"Listening on {app.Urls.Single()}. Press Ctrl+C to stop.");
        return app;
    }

    private async Task ReceiveAsync(HttpContext context)
    {
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
            Show(context, new(Verified: false, context.Response.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The body is longer than {MaxBody} bytes"
                : "The body is incomplete"));
            return;
        }

        if (Verifies && Verifier is null)
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
            delivery.WriteTo(save);
        }

        if (Verifier is not null && !Verifier.TryVerify(body, headers, out var failure))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            Show(context, new(Verified: false, FirstSentence(new InvalidWebhookSignatureException(failure).Message))
            {
                WebhookId = headers.Id,
            });
            return;
        }

        var shown = new Shown(Verifier is null ? null : true) { WebhookId = headers.Id };
        try
        {
            var webhookEvent = WebhookEvent.Parse(body);
            shown = shown with
            {
                Type = webhookEvent.Type,
                EventId = webhookEvent.Id,
                Data = PrivateText.Of(body, showsPrivate),
            };
        }
        catch (JsonException exception)
        {
            shown = shown with { Problem = $"the event cannot be read: {exception.Message}" };
        }

        if (forward is not null)
        {
            var attempt = await ForwardAsync(context, body);
            context.Response.StatusCode = attempt.Response?.Status ?? StatusCodes.Status502BadGateway;
            shown = shown with { Forwarded = attempt };
        }

        Show(context, shown);
    }

    private void Show(HttpContext context, Shown shown)
    {
        if (isForPeople)
        {
            console.MarkupLine(Line(context, shown));
            return;
        }

        string line = JsonSerializer.Serialize(new JsonObject
        {
            ["time"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            ["status"] = context.Response.StatusCode,
            ["verified"] = shown.Verified,
            ["problem"] = shown.Problem,
            ["webhook_id"] = shown.WebhookId is { } id ? Words.Cut(id, MaxText) : null,
            ["type"] = Words.Cut(shown.Type, MaxText),
            ["id"] = Words.Cut(shown.EventId, MaxText),
            ["data"] = shown.Data.Length == 0 ? null : JsonNode.Parse(shown.Data),
            ["forwarded_status"] = shown.Forwarded?.Response?.Status,
            ["forward_problem"] = shown.Forwarded?.Silence?.Message,
        }, Relaxed);
        lock (console)
        {
            // Do not use the console, which would wrap the line.
            console.Profile.Out.Writer.WriteLine(line);
        }
    }

    private static string Line(HttpContext context, Shown shown)
    {
        string begin = $"{DateTime.Now.ToString("T", CultureInfo.InvariantCulture)} "
            + $"{Printable($"{context.Request.Method} {context.Request.Path}")}";
        string forwarded = shown.Forwarded switch
        {
            null => "",
            { Response: { } response } => $" → {Markup.Escape(response.Summary)}",
            var (_, silence) => $" → [red]no response: {Markup.Escape(silence?.Message ?? "")}[/]",
        };
        return shown switch
        {
            { Problem: { } problem, IsRejected: true }
                => $"{begin} [red]✗ {context.Response.StatusCode}[/] {Printable(problem)}",
            { Problem: { } problem } => $"{begin} [yellow]![/] "
                + $"{(shown.Verified == true ? "authentic, but" : "not verified, and")} {Printable(problem)}"
                + forwarded,
            _ => $"{begin} {(shown.Verified == true ? "[green]✓[/]" : "[yellow]?[/]")} "
                + $"[bold]{Printable(shown.Type)}[/] {Printable(shown.EventId)} "
                + $"{Printable(shown.Data, shown.Data.Length)}"
                + $"{(shown.Verified == true ? "" : " [yellow](not verified)[/]")}{forwarded}",
        };
    }

    private static string FirstSentence(string text)
    {
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private static string Printable(string text, int max = MaxText) => Markup.Escape(Words.Printable(text, max));

    private async Task<Attempt> ForwardAsync(HttpContext context, byte[] body)
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

        using var deliverer = new Deliverer(forward!);
        return await deliverer.AttemptAsync(request, context.RequestAborted);
    }

    /// <summary>What is shown of a delivery.</summary>
    /// <param name="Verified">Whether it is authentic; null if that was not checked.</param>
    /// <param name="Problem">What is wrong with it; null if nothing is.</param>
    private sealed record Shown(bool? Verified, string? Problem = null)
    {
        public bool IsRejected => Verified == false;

        public string? WebhookId { get; init; }

        public string Type { get; init; } = "";

        public string EventId { get; init; } = "";

        /// <summary>The event's data as JSON, with private texts masked; empty if there are none.</summary>
        public string Data { get; init; } = "";

        public Attempt? Forwarded { get; init; }
    }
}
