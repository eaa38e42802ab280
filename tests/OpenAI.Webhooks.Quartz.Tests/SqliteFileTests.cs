using System.Collections.Concurrent;
using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenAI.Webhooks.AspNetCore;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class SqliteFileTests : QuartzTests
{
    [Fact]
    public async Task A_new_file_has_a_write_ahead_log_so_that_a_power_cut_loses_nothing()
    {
        string path = Path.Combine(Folder, "new.db");
        await using var app = Program.Build("both", new Database("sqlite", $"Data Source={path}"));
        await app.StartAsync();

        await using var file = new SqliteConnection($"Data Source={path}");
        await file.OpenAsync();
        await using var mode = new SqliteCommand("PRAGMA journal_mode", file);
        (await mode.ExecuteScalarAsync()).Should().Be("wal");
    }

    [Fact]
    public async Task A_database_in_memory_is_refused()
    {
        await using var app = Program.Build("both", new Database("sqlite", "Data Source=:memory:"));

        await app.Awaiting(it => it.StartAsync()).Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("The SQLite database of the scheduler openai-webhooks cannot have a write-ahead log "
                + "(journal_mode is memory)*");
    }

    [Fact]
    public async Task A_second_process_on_the_file_only_receives_until_the_first_has_ended()
    {
        using var log = new Log();
        var handled = new ConcurrentQueue<WebhookDelivery>();
        var release = new TaskCompletionSource();
        Action<IServiceCollection> holding =
            services => services.AddSingleton(handled).AddSingleton(release).AddOpenAIWebhooks()
            .AddHandler<WebhookEvent, Holding>();
        var first = await StartAsync(holding);
        await SendAsync(first, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        await using var second = await StartAsync(services => holding(services.AddSingleton<ILoggerProvider>(log)));
        (await SendAsync(second, "wh_2")).Should().Be(HttpStatusCode.OK);
        await Eventually(() => Task.FromResult(handled.Count == 2));
        release.SetResult();
        await first.StopAsync();
        await first.DisposeAsync();
        (await SendAsync(second, "wh_3")).Should().Be(HttpStatusCode.OK);
        await Eventually(() => Task.FromResult(handled.Count == 3));

        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        handled.Select(delivery => delivery.WebhookId).Should().Equal("wh_1", "wh_2", "wh_3");
        log.Lines.Should().ContainMatch("Warning: Another process handles the webhooks in */webhooks.db. This one only "
            + "receives until that one has ended. ")
            .And.ContainMatch(
                "Information: The other process has ended. This one handles the webhooks in */webhooks.db now. ");
    }

    [Fact]
    public async Task A_lock_that_was_deleted_is_taken_again_and_a_second_process_only_receives()
    {
        using var log = new Log();
        var handled = new ConcurrentQueue<WebhookDelivery>();
        var release = new TaskCompletionSource();
        Action<IServiceCollection> holding =
            services => services.AddSingleton(handled).AddSingleton(release).AddOpenAIWebhooks()
            .AddHandler<WebhookEvent, Holding>();
        await using var first = await StartAsync(holding);
        await SendAsync(first, "wh_1");
        await Eventually(() => Task.FromResult(handled.Count == 1));

        File.Delete(Path.Combine(Folder, "webhooks.db-openai-webhooks"));
        await using var second = await StartAsync(services => holding(services.AddSingleton<ILoggerProvider>(log)));

        release.SetResult();
        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        log.Lines.Should().ContainMatch("Warning: Another process handles the webhooks in */webhooks.db.*");
        handled.Should().ContainSingle();
    }

    [Fact]
    public async Task Triggers_are_read_one_by_one_because_SQLite_would_read_all_rows_for_several()
    {
        await using var app = await StartAsync();

        app.Services.GetRequiredService<IOptionsMonitor<QuartzSchedulerOptions>>().Get("openai-webhooks")
            .MaxBatchSize.Should().Be(1);
    }

    [Theory]
    [InlineData("deleted", "")]
    [InlineData("moved", "")]
    [InlineData("replaced", "")]
    [InlineData("deleted", "-wal")]
    [InlineData("deleted", "-shm")]
    [InlineData("moved", "-wal")]
    public async Task A_file_that_is_no_longer_in_its_place_gives_503_and_an_unhealthy_check(string how, string suffix)
    {
        string path = Path.Combine(Folder, "webhooks.db" + suffix);
        await using (await StartAsync())
        {
        }

        await using var app = await StartAsync(
            services => services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);

        switch (how)
        {
            case "deleted":
                File.Delete(path);
                break;
            case "moved":
                File.Move(path, path + ".old");
                break;
            default:
                File.Copy(path, path + ".new");
                File.Move(path + ".new", path, overwrite: true);
                break;
        }

        (await SendAsync(app, "wh_2")).Should().Be(HttpStatusCode.ServiceUnavailable);
        var health = (
            await app.Services.GetRequiredService<HealthCheckService>()
                .CheckHealthAsync()).Entries["openai-webhooks-inbox"];
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Be(
            $"The SQLite file {path} was moved, replaced or deleted while this process had it open, so what is stored "
            + "would be lost. "
            + "Put the file back, together with the others that begin with its name, and restart the process. "
            + "Deliveries get the response 503.");
        if (how == "moved")
        {
            File.Move(path + ".old", path);
            (await SendAsync(app, "wh_2")).Should().Be(HttpStatusCode.OK);
        }
    }

    /// <summary>The first delivery waits until it is released.</summary>
    private sealed class Holding(ConcurrentQueue<WebhookDelivery> handled, TaskCompletionSource release)
        : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Enqueue(delivery);
            if (delivery.WebhookId == "wh_1")
            {
                await release.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
