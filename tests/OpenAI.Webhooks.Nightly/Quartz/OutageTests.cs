using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenAI.Webhooks.AspNetCore;
using OpenAI.Webhooks.Quartz.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>A database that is away, frozen, or asked for much at once. The default settings of PostgreSQL and
/// Npgsql.</summary>
public class OutageTests
{
    private const string Payload =
        """
        {"id":"evt_1","object":"event","created_at":1750861210,"type":"response.completed","data":{"id":"resp_123"}}
        """;

    [Theory]
    [InlineData(4, 6)]
    [InlineData(1, 20)]
    public async Task What_fails_for_good_while_the_database_is_away_is_dead_and_none_is_gone(int outages, int seconds)
    {
        await using var postgres = await PostgresServer.StartAsync();
        await postgres.Database.PrepareAsync();
        await using var app = await StartAsync(postgres.Database, services => services.AddOpenAIWebhooks()
            .ClearHandlers().AddHandler<WebhookEvent, FailingSlowly>());
        var acknowledged = new ConcurrentBag<string>();

        // While it is away, too.
        using var sending = new CancellationTokenSource();
        var sender = Task.Run(async () =>
        {
            for (int i = 0; !sending.IsCancellationRequested; i++)
            {
                string id = $"wh_{i}";
                if (await SendAsync(app, id) == HttpStatusCode.OK)
                {
                    acknowledged.Add(id);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        });
        for (int i = 0; i < outages; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(3));
            await postgres.StopAsync();
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            await postgres.StartAgainAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(3));
        await sending.CancelAsync();
        await sender;

        await Eventually(async () => await postgres.Database.PendingAsync() == 0);
        acknowledged.Should().HaveCountGreaterThan(20);
        (await postgres.Database.DeadAsync()).Should().Contain(acknowledged);
    }

    [Fact]
    public async Task A_database_that_is_frozen_gives_503_and_an_unhealthy_check_in_time_and_works_again_by_itself()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await postgres.Database.PrepareAsync();
        await using var app = await StartAsync(postgres.Database, services => services.AddHealthChecks()
            .AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);

        await postgres.FreezeAsync(true);

        // Not assertions on speed: Npgsql alone would wait for longer.
        var limit = TimeSpan.FromSeconds(25);
        (await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SendAsync(app, $"wh_frozen_{i}"))).WaitAsync(limit))
            .Should().OnlyContain(status => status == HttpStatusCode.ServiceUnavailable);
        var health = (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WaitAsync(
            limit)).Entries["openai-webhooks-inbox"];
        await postgres.FreezeAsync(false);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        await Eventually(async () => await SendAsync(app, "wh_2") == HttpStatusCode.OK);
        await Eventually(async () => (await postgres.Database.EffectsAsync())
            .Contains("wh_2") && await postgres.Database.PendingAsync() == 0);
    }

    [Fact]
    public async Task Two_hundred_at_once_on_two_nodes_are_all_stored_and_nobody_else_is_refused()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await postgres.Database.PrepareAsync();
        await using var one = await StartAsync(postgres.Database);
        await using var two = await StartAsync(postgres.Database);

        var sending = Task.WhenAll(Enumerable.Range(0, 200).Select(i => SendAsync(i % 2 == 0 ? one : two, $"wh_{i}")));
        while (!sending.IsCompleted)
        {
            (await postgres.Database.EffectsAsync()).Should().NotBeNull("somebody else asks meanwhile");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        (await sending).Should().OnlyContain(status => status == HttpStatusCode.OK);
        await Eventually(async () => (await postgres.Database.EffectsAsync()).Count == 200);
    }

    [Fact]
    public async Task On_MariaDB_a_large_payload_needs_the_larger_column_of_the_documentation()
    {
        await using var mariaDb = await MariaDbServer.StartAsync();
        await mariaDb.Database.PrepareAsync();
        await using var app = await StartAsync(mariaDb.Database);
        string padded = Payload.Insert(1, $"\"pad\":\"{new string('+', 255 * 1024)}\",");

        (await SendAsync(app, "wh_small", Payload.Insert(1, $"\"pad\":\"{new string('+', 40 * 1024)}\","))).Should().Be(
            HttpStatusCode.OK);
        (await SendAsync(app, "wh_large", padded)).Should().Be(HttpStatusCode.ServiceUnavailable);

        await mariaDb.Database.ExecuteAsync("ALTER TABLE QRTZ_JOB_DETAILS MODIFY JOB_DATA MEDIUMBLOB");
        (await SendAsync(app, "wh_large", padded)).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await mariaDb.Database.EffectsAsync()).Count == 2);
    }

    private static async Task<WebApplication> StartAsync(
        Database database, Action<IServiceCollection>? configure = null)
    {
        var app = Program.Build("both", database, configure);
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpStatusCode> SendAsync(WebApplication app, string id, string payload = Payload)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(Program.Secret).Sign(payload, id).ToRequest(
            app.Urls.Single() + Program.Path);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 900 && !await condition(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        (await condition()).Should().BeTrue();
    }

    private sealed class FailingSlowly : IWebhookHandler<WebhookEvent>
    {
        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            throw new PermanentWebhookFailureException("on purpose");
        }
    }
}
