using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

/// <summary>
/// A receiver, a worker or both, in a process that the tests can kill: ROLE KIND CONNECTION. It prints its port. The
/// test runner does not come here.
/// </summary>
internal static class Program
{
    public const string Secret = "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cyBvZiBRdWFydHo=";
    public const string Path = "/webhooks/openai";

    /// <summary>In a process that is killed: as many as kills that may hit one delivery.</summary>
    public static TimeSpan[] KilledRetryDelays { get; } = [.. Enumerable.Repeat(TimeSpan.FromMilliseconds(300), 8)];

    private static async Task Main(string[] args)
    {
        var (role, database) = (args[0], new Database(args[1], args[2]));
        var app = Build(role, database, retryDelays: KilledRetryDelays);
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Urls.Single()).Port.ToString(CultureInfo.InvariantCulture));

        // The tests hold the other end: without them it ends too.
        await Task.WhenAny(Console.In.ReadToEndAsync(), app.WaitForShutdownAsync());
        await app.StopAsync();
    }

    public static WebApplication Build(
        string role,
        Database database,
        Action<IServiceCollection>? configure = null,
        TimeSpan? retention = null,
        TimeSpan[]? retryDelays = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(database).AddSingleton<Relenting>();
        builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(Secret))
            .AddHandler<WebhookEvent, Handler>()
            .AddQuartzInbox(quartz => quartz.UsePersistentStore(database.Use), options =>
            {
                options.RetryDelays = retryDelays ?? [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)];
                options.Retention = retention ?? options.Retention;
            });
        if (role == "receiver")
        {
            builder.Services.AddOpenAIWebhooks().ReceiveOnly();
        }

        configure?.Invoke(builder.Services);

        var app = builder.Build();
        app.MapOpenAIWebhooks(Path);
        return app;
    }

    /// <summary>
    /// Fails once for an id that ends in "once" or "unschedule", for ever for one in "never", unless it is told to
    /// relent. Gives up for one in "gone", ends the process for one in "fatal", and takes ten seconds for one in
    /// "slow".
    /// </summary>
    public sealed class Handler(Database database, Relenting relenting) : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            if ((delivery.WebhookId.EndsWith("never", StringComparison.Ordinal) && !relenting.Now)
                || (delivery.WebhookId.EndsWith("once", StringComparison.Ordinal) && await database.IsFirstAttemptAsync(
                    delivery.WebhookId)))
            {
                throw new InvalidOperationException("on purpose");
            }

            if (delivery.WebhookId.EndsWith("gone", StringComparison.Ordinal))
            {
                throw new PermanentWebhookFailureException("it is gone");
            }

            if (delivery.WebhookId.EndsWith("fatal", StringComparison.Ordinal))
            {
                Process.GetCurrentProcess().Kill();
            }

            if (delivery.WebhookId.EndsWith("unschedule", StringComparison.Ordinal)
                && await database.IsFirstAttemptAsync(delivery.WebhookId))
            {
                throw new JobExecutionException { UnscheduleAllTriggers = true };
            }

            if (delivery.WebhookId.EndsWith("slow", StringComparison.Ordinal))
            {
                await database.BeginAsync(delivery.WebhookId);
                await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            }

            await database.TakeEffectOnceAsync(delivery.WebhookId);
        }
    }

    /// <summary>Whether the handler no longer fails for ever.</summary>
    public sealed class Relenting
    {
        public bool Now { get; set; }
    }
}
