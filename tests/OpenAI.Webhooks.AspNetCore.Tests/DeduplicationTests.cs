using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class DeduplicationTests
{
    [Fact]
    public async Task Deliveries_that_come_together_when_the_process_is_new_are_all_remembered()
    {
        for (int run = 0; run < 10; run++)
        {
            await using var app =
                await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());
            var all = Enumerable.Range(0, 8).Select(i => TestApp.Sign(webhookId: $"wh_{i}")).ToArray();

            await Task.WhenAll(all.Select(signed => app.SendAsync(signed)));
            await Task.WhenAll(all.Select(signed => app.SendAsync(signed)));

            app.Deliveries.Select(delivery => delivery.WebhookId).Order(StringComparer.Ordinal)
                .Should().Equal(all.Select(signed => signed.Headers.Id));
        }
    }

    [Fact]
    public async Task Post_repeated_delivery_is_answered_200_and_handled_once()
    {
        await using var app =
            await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());

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

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode
            .Should().Be(HttpStatusCode.InternalServerError);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        runs.Should().Be(2);
    }

    [Fact]
    public async Task Post_forgery_with_the_id_of_a_handled_delivery_is_still_refused()
    {
        await using var app =
            await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks().AddDeduplication());
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1", secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Post_cache_down_is_handled_and_logged()
    {
        await using var app = await StartAsync(new BrokenCache());

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Deliveries.Should().ContainSingle();
        await TestApp.Eventually(
            () => app.Log.Count(entry => entry.Message.Contains("wh_1") && entry.Exception is TimeoutException) == 2);
    }

    [Theory]
    [InlineData(null, 96)]
    [InlineData(1, 1)]
    public async Task Post_handled_delivery_is_remembered_in_the_cache_for_as_long_as_was_asked_for(
        int? retentionHours, int expectedHours)
    {
        var cache = new RecordingCache();
        await using var app = await StartAsync(cache, retentionHours is { } hours ? TimeSpan.FromHours(hours) : null);

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        cache.Retention.Should().Be(TimeSpan.FromHours(expectedHours));
        cache.Key.Should().Be("openai-webhooks::/webhooks/openai:wh_1");
    }

    [Fact]
    public void AddDeduplication_retention_that_no_cache_can_keep_is_refused()
    {
        foreach (var retention in new[] { TimeSpan.Zero, TimeSpan.FromDays(367), TimeSpan.MaxValue })
        {
            FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks().AddDeduplication(retention))
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(retention));
        }
    }

    [Fact]
    public async Task Post_an_empty_entry_of_the_cache_remembers_nothing()
    {
        await using var app = await StartAsync(new RecordingCache { Found = [] });

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        app.Deliveries.Should().ContainSingle();
    }

    [Fact]
    public async Task Post_deliveries_of_a_cache_that_connects_slowly_are_remembered_all_the_same()
    {
        var cache = new SlowCache();
        await using var app = await StartAsync(cache);
        await TestApp.Eventually(() => cache.IsAsked);

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        cache.Connect();
        await TestApp.Eventually(() => cache.Keys.Any(key => key.EndsWith("wh_1", StringComparison.Ordinal)));
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Deliveries.Should().ContainSingle();
    }

    private static Task<TestApp> StartAsync(IDistributedCache cache, TimeSpan? retention = null)
        => TestApp.StartAsync(builder =>
    {
        builder.Services.AddOpenAIWebhooks().AddDeduplication(retention);
        builder.Services.AddSingleton(cache);
    });

    private class BrokenCache : IDistributedCache
    {
        public byte[]? Get(string key) => throw new NotSupportedException();

        public virtual Task<byte[]?> GetAsync(string key, CancellationToken token = default)
            => throw new TimeoutException();

        public void Refresh(string key) => throw new NotSupportedException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Remove(string key) => throw new NotSupportedException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
            => throw new NotSupportedException();

        public virtual Task SetAsync(
            string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
            => throw new TimeoutException();
    }

    /// <summary>
    /// It answers nothing until it is connected, and is asked for the first time when the application starts.
    /// </summary>
    private sealed class SlowCache : BrokenCache
    {
        private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentDictionary<string, byte[]> _entries = new();

        public bool IsAsked { get; private set; }

        public IEnumerable<string> Keys => _entries.Keys;

        public void Connect() => _connected.SetResult();

        public override async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
        {
            IsAsked = true;
            await _connected.Task;
            return _entries.GetValueOrDefault(key);
        }

        public override async Task SetAsync(
            string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            await _connected.Task;
            _entries[key] = value;
        }
    }

    private sealed class RecordingCache : BrokenCache
    {
        public string? Key { get; private set; }

        public TimeSpan? Retention { get; private set; }

        public byte[]? Found { get; init; }

        public override Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult(Found);

        public override Task SetAsync(
            string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            (Key, Retention) = (key, options.AbsoluteExpirationRelativeToNow);
            return Task.CompletedTask;
        }
    }
}
