using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>
/// An application with a Quartz inbox on a SQLite file of its own. Each class of tests runs beside the others.
/// </summary>
public abstract class QuartzTests : IDisposable
{
    private protected const string Payload =
        """
        {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private protected Database Sqlite
        => new("sqlite", $"Data Source={Path.Combine(_folder, "webhooks.db")};Default Timeout=30");

    private protected string Folder => _folder;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static JobKey Key(string webhookId) => new(webhookId, "openai-webhooks");

    private protected static IScheduler Scheduler(WebApplication app)
        => app.Services.GetRequiredKeyedService<ISchedulerFactory>("openai-webhooks").GetScheduler().AsTask()
            .GetAwaiter().GetResult();

    private protected static async Task<List<WebhookDeadLetter>> ListAsync(WebhookDeadLetters deadLetters)
    {
        var all = new List<WebhookDeadLetter>();
        await foreach (var dead in deadLetters.ListAsync())
        {
            all.Add(dead);
        }

        return all;
    }

    private protected async Task<WebApplication> StartAsync(
        Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null, string role =
            "both", TimeSpan? retention = null, TimeSpan[]? retryDelays = null)
    {
        await Sqlite.PrepareAsync();
        var app = Program.Build(role, Sqlite, configure, retention, retryDelays);
        map?.Invoke(app);
        await app.StartAsync();
        return app;
    }

    private protected static async Task<HttpStatusCode> SendAsync(
        WebApplication app, string id, string payload = Payload, string path = Program.Path)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(payload, id).ToRequest(app.Urls.Single() + path);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private protected static async Task Eventually(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 300 && !await condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        (await condition()).Should().BeTrue();
    }

    /// <summary>What the package itself logs.</summary>
    private protected sealed class Log : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName)
            => categoryName.StartsWith("OpenAI.Webhooks", StringComparison.Ordinal)
                ? this
                : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState,
            Exception?,
            string> formatter)
            => Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception?.Message}");

        public void Dispose()
        {
        }
    }

    private protected sealed class Slow(ConcurrentQueue<WebhookDelivery> handled) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            handled.Enqueue(delivery);
        }
    }
}
