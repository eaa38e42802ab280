using System.Net;
using Medallion.Threading;
using Medallion.Threading.Redis;
using OpenAI.Webhooks.AspNetCore.Tests;
using StackExchange.Redis;

namespace OpenAI.Webhooks.Nightly;

/// <summary>Deduplication over a real Redis: in a fleet, and killed and started again.</summary>
public class RedisTests
{
    [Fact]
    public async Task A_fleet_with_one_Redis_handles_a_delivery_once()
    {
        await using var redis = new RedisServer();
        await redis.StartAsync();
        await using var first = await StartAsync(redis);
        await using var second = await StartAsync(redis);

        (await first.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await second.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        first.Deliveries.Should().ContainSingle();
        second.Deliveries.Should().BeEmpty();
    }

    [Fact]
    public async Task A_Redis_that_is_killed_loses_no_delivery_and_one_that_is_back_remembers_again()
    {
        await using var redis = new RedisServer();
        await redis.StartAsync();
        await using var app = await StartAsync(redis);
        await app.SendAsync(TestApp.Sign(webhookId: "wh_before"));

        await redis.KillAsync();
        foreach (int i in Enumerable.Range(0, 3))
        {
            (await app.SendAsync(TestApp.Sign(webhookId: $"wh_{i}"))).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        app.Deliveries.Should().HaveCount(4);

        await redis.StartAsync();
        bool remembers = false;
        for (int i = 0; i < 100 && !remembers; i++)
        {
            string id = $"wh_after_{i}";
            await app.SendAsync(TestApp.Sign(webhookId: id));
            await app.SendAsync(TestApp.Sign(webhookId: id));
            remembers = app.Deliveries.Count(delivery => delivery.WebhookId == id) == 1;
        }

        remembers.Should().BeTrue();
    }

    [Fact]
    public async Task A_lock_per_webhook_id_closes_the_race_of_a_fleet()
    {
        await using var redis = new RedisServer();
        await redis.StartAsync();
        int effects = 0;
        await using var first = await StartLockedAsync();
        await using var second = await StartLockedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            i => (i % 2 == 0 ? first : second).SendAsync(TestApp.Sign(webhookId: "wh_1"))));

        answers.Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK);
        effects.Should().Be(1);

        async Task<TestApp> StartLockedAsync()
        {
            var redisConnection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
            var done = redisConnection.GetDatabase();
            return await TestApp.StartAsync(
                builder =>
                {
                    builder.Services.AddOpenAIWebhooks();

                    #region README: register locks
                    builder.Services.AddSingleton<IDistributedLockProvider>(
                        new RedisDistributedSynchronizationProvider(redisConnection.GetDatabase()));
                    #endregion
                },
                app =>
                {
                    Task HandleAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
                    {
                        Interlocked.Increment(ref effects);
                        return Task.Delay(100, cancellationToken);
                    }

                    #region README: a lock per webhook id
                    var locks = app.Services.GetRequiredService<IDistributedLockProvider>();
                    app.MapOpenAIWebhooks("/webhooks/openai", async (delivery, cancellationToken) =>
                    {
                        await using var handle = await locks.AcquireLockAsync(delivery.WebhookId, timeout: null, cancellationToken);
                        if (!await done.KeyExistsAsync($"done:{delivery.WebhookId}"))    // checked again, under the lock
                        {
                            await HandleAsync(delivery, cancellationToken);
                            await done.StringSetAsync($"done:{delivery.WebhookId}", "", TimeSpan.FromDays(4));
                        }
                    });
                    #endregion
                });
        }
    }

    private static Task<TestApp> StartAsync(RedisServer redis) => TestApp.StartAsync(builder =>
    {
        builder.Services.AddOpenAIWebhooks().AddDeduplication();
        builder.Services.AddStackExchangeRedisCache(options => options.Configuration = redis.Configuration);
    });
}
