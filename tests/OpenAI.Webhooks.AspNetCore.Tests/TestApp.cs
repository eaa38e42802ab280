using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>
/// An application on Kestrel, on a port of the loopback, with a secret, a log to look into, and a sender.
/// </summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const string Secret = "whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=";
    public const string OtherSecret = "whsec_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";
    public const string Path = "/webhooks/openai";
    public const string Payload =
        """
        {"id": "evt_685c059ae3a481909bdc86819b066fb6", "object": "event", "created_at": 1750861210,
        "type": "response.completed", "data": {"id": "resp_123"}}
        """;

    private readonly WebApplication _app;
    private readonly CapturedLog _log;
    private readonly HttpClient _client;

    private TestApp(WebApplication app, CapturedLog log)
    {
        _app = app;
        _log = log;
        Address = new Uri(app.Urls.Single());
        _client = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    public IConfigurationRoot Configuration => (IConfigurationRoot)_app.Configuration;

    /// <summary>What the application's endpoint was handed.</summary>
    public ConcurrentQueue<WebhookDelivery> Deliveries { get; } = new();

    /// <summary>
    /// What was logged at Warning or above, and by this package at any level, but for its line per endpoint at start.
    /// </summary>
    public IReadOnlyCollection<LogEntry> Log => [.. _log.Entries.Where(entry => !IsOfStart(entry))];

    /// <summary>What was logged of each endpoint at start.</summary>
    public IReadOnlyCollection<string> StartLog
        => [.. _log.Entries.Where(IsOfStart).Select(entry => $"{entry.Level}: {entry.Message}")];

    /// <summary>
    /// Starts an application that hands deliveries to a delegate, which keeps them unless another is given.
    /// </summary>
    public static async Task<TestApp> StartAsync(
        Action<WebApplicationBuilder>? configure = null,
        Func<WebhookDelivery, CancellationToken, Task>? handler = null)
    {
        TestApp? started = null;
        started = await StartAsync(
            configure ?? (builder => builder.Services.AddOpenAIWebhooks()),
            app => app.MapOpenAIWebhooks(Path, handler ?? ((delivery, _) =>
            {
                started!.Deliveries.Enqueue(delivery);
                return Task.CompletedTask;
            })));
        return started;
    }

    /// <summary>Starts an application whose own timeout for requests is 200 ms.</summary>
    public static Task<TestApp> StartWithTimeoutAsync(
        Func<WebhookDelivery, CancellationToken, Task> handler, Metrics? metrics = null)
        => StartAsync(
        builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddRequestTimeouts();
            if (metrics is not null)
            {
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            }
        },
        app =>
        {
            app.UseRequestTimeouts();
            app.MapOpenAIWebhooks(Path, handler).WithRequestTimeout(TimeSpan.FromMilliseconds(200));
        });

    /// <summary>Starts an application with endpoints of its own.</summary>
    public static async Task<TestApp> StartAsync(Action<WebApplicationBuilder> configure, Action<WebApplication> map)
    {
        var log = new CapturedLog();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection([new("OpenAI:Webhooks:Secrets:0", Secret)]);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        configure(builder);

        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new TestApp(app, log);
    }

    public static SignedWebhook Sign(string payload = Payload, string secret = Secret, string? webhookId = null)
        => new WebhookSigner(secret).Sign(payload, webhookId);

    public Task<HttpResponseMessage> SendAsync(SignedWebhook signed, string path = Path, bool chunked = false)
        => SendAsync(signed.GetPayload(), signed.Headers.ToDictionary(), path, chunked);

    public async Task<HttpResponseMessage> SendAsync(
        ReadOnlyMemory<byte> payload, IEnumerable<KeyValuePair<string, string>> headers, string path =
            Path, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new ReadOnlyMemoryContent(payload),
        };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        foreach (var (name, value) in headers)
        {
            (request.Headers.TryAddWithoutValidation(name, value) || request.Content.Headers.TryAddWithoutValidation(
                name, value))
                .Should().BeTrue();
        }

        return await _client.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path = Path) => _client.GetAsync(new Uri(path, UriKind.Relative));

    /// <summary>Sends a delivery, and leaves before it is answered.</summary>
    public async Task SendAndLeaveAsync(SignedWebhook signed, Task leave)
    {
        using var socket = await ConnectAsync();
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: "
            + $"{signed.GetPayload().Length}\r\n{Lines(signed)}\r\n"
            + Encoding.UTF8.GetString(signed.GetPayload().Span)));
        await leave;
    }

    /// <summary>The signed headers, as they stand in a request.</summary>
    public static string Lines(SignedWebhook signed)
        => string.Concat(signed.Headers.ToDictionary().Select(header => $"{header.Key}: {header.Value}\r\n"));

    /// <summary>Waits for what happens in another thread.</summary>
    public static async Task Eventually(Func<bool> condition)
    {
        for (int i = 0; i < 300 && !condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        condition().Should().BeTrue();
    }

    private static bool IsOfStart(LogEntry entry)
        => entry.Message.Contains(" receives OpenAI webhooks: ", StringComparison.Ordinal);

    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    /// <summary>Sends a request to the letter, and gives the status line of the answer.</summary>
    public async Task<string> SendRawAsync(string headers, string body)
    {
        using var socket = await ConnectAsync();
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {Path} HTTP/1.1\r\nHost: {Address.Authority}\r\nContent-Length: "
            + $"{Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}"));
        using var reader = new StreamReader(stream);
        return (await reader.ReadLineAsync())!;
    }

    public async Task<TcpClient> ConnectAsync()
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    internal sealed record LogEntry(string Category, LogLevel Level, string Message, Exception? Exception)
    {
        /// <summary>The names and values of the scopes around it.</summary>
        public Dictionary<string, object?> Scope { get; } = [];
    }

    private sealed class CapturedLog : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider? _scopes;

        public ConcurrentQueue<LogEntry> Entries { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class Logger(CapturedLog log, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
                => null;

            public bool IsEnabled(LogLevel logLevel)
                => logLevel >= LogLevel.Warning
                || category.StartsWith("OpenAI.", StringComparison.Ordinal)
                || category == "handler";

            public void Log<TState>(
                LogLevel logLevel,
                EventId eventId,
                TState state,
                Exception? exception,
                Func<TState,
                Exception?,
                string> formatter)
            {
                if (IsEnabled(logLevel))
                {
                    var entry = new LogEntry(category, logLevel, formatter(state, exception), exception);
                    log._scopes?.ForEachScope(
                        (scope, scopes) =>
                        {
                            foreach (var (name, value) in scope as IEnumerable<KeyValuePair<string, object?>> ?? [])
                            {
                                scopes[name] = value;
                            }
                        },
                        entry.Scope);
                    log.Entries.Enqueue(entry);
                }
            }
        }
    }
}
