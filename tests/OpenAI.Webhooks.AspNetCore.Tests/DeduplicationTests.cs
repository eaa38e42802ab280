using System.Net;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class DeduplicationTests
{
    [Fact]
    public async Task Deliveries_that_come_together_when_the_process_is_new_are_all_remembered()
    {
        for (int run = 0; run < 10; run++)
        {
            await using var app = await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());
            var all = Enumerable.Range(0, 8).Select(i => TestApp.Sign(webhookId: $"wh_{i}")).ToArray();

            await Task.WhenAll(all.Select(signed => app.SendAsync(signed)));
            await Task.WhenAll(all.Select(signed => app.SendAsync(signed)));

            app.Deliveries.Select(delivery => delivery.WebhookId).Order(StringComparer.Ordinal).Should().Equal(all.Select(signed => signed.Headers.Id));
        }
    }

    [Fact]
    public async Task Post_repeated_delivery_is_answered_200_and_handled_once()
    {
        await using var app = await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_2"))).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Deliveries.Select(delivery => delivery.WebhookId).Should().Equal("wh_1", "wh_2");
    }

    [Fact]
    public async Task Post_without_deduplication_is_handled_each_time()
    {
        await using var app = await TestApp.StartAsync();

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        app.Deliveries.Should().HaveCount(2);
    }

    [Fact]
    public async Task Post_two_instances_with_one_cache_handle_once()
    {
        var cache = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));
        await using var first = await StartAsync(cache);
        await using var second = await StartAsync(cache);

        (await first.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await second.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        first.Deliveries.Should().ContainSingle();
        second.Deliveries.Should().BeEmpty();
    }

    [Fact]
    public async Task Post_after_a_failure_is_handled_again()
    {
        int runs = 0;
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddDeduplication(),
            (_, _) => ++runs == 1 ? throw new InvalidOperationException("the first time") : Task.CompletedTask);

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        runs.Should().Be(2);
    }

    [Fact]
    public async Task Post_forgery_with_the_id_of_a_handled_delivery_is_still_refused()
    {
        await using var app = await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1", secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Post_cache_down_is_handled_and_logged()
    {
        await using var app = await StartAsync(new BrokenCache());

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Deliveries.Should().ContainSingle();
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning, "a cache that could not be read is not written to")
            .Which.Should().Match<TestApp.LogEntry>(entry => entry.Message.Contains("wh_1") && entry.Exception is TimeoutException);
    }

    [Theory]
    [InlineData(null, 96)]
    [InlineData(1, 1)]
    public async Task Post_handled_delivery_is_remembered_in_the_cache_for_as_long_as_was_asked_for(int? retentionHours, int expectedHours)
    {
        var cache = new RecordingCache();
        await using var app = await StartAsync(cache, retentionHours is { } hours ? TimeSpan.FromHours(hours) : null);

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        cache.Retention.Should().Be(TimeSpan.FromHours(expectedHours));
        cache.Key.Should().Be("openai-webhooks::/webhooks/openai:wh_1");
    }

    [Fact]
    public void AddDeduplication_retention_that_is_not_positive_is_refused()
        => FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks().AddDeduplication(TimeSpan.Zero))
            .Should().Throw<ArgumentOutOfRangeException>();

    private static Task<TestApp> StartAsync(IDistributedCache cache, TimeSpan? retention = null) => TestApp.StartAsync(builder =>
    {
        builder.Services.AddOpenAIWebhooks().AddDeduplication(retention);
        builder.Services.AddSingleton(cache);
    });

    private class BrokenCache : IDistributedCache
    {
        public byte[]? Get(string key) => throw new NotSupportedException();

        public virtual Task<byte[]?> GetAsync(string key, CancellationToken token = default) => throw new TimeoutException();

        public void Refresh(string key) => throw new NotSupportedException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Remove(string key) => throw new NotSupportedException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

        public virtual Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
            => throw new TimeoutException();
    }

    private sealed class RecordingCache : BrokenCache
    {
        public string? Key { get; private set; }

        public TimeSpan? Retention { get; private set; }

        public override Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult<byte[]?>(null);

        public override Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            (Key, Retention) = (key, options.AbsoluteExpirationRelativeToNow);
            return Task.CompletedTask;
        }
    }
}
