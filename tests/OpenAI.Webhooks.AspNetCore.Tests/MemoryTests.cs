using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>What endpoints remember of deliveries, of whom, and for how long.</summary>
public class MemoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Named_registrations_and_two_endpoints_of_one_name_never_share_what_they_remember(bool hasCache)
    {
        var handled = new List<string>();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddDeduplication();
                builder.Services.AddOpenAIWebhooks(
                    "named", options => options.Secrets.Add(TestApp.Secret)).AddDeduplication();
                if (hasCache)
                {
                    builder.Services.AddDistributedMemoryCache();
                }
            },
            app =>
            {
                foreach (var (path, name) in new[] { ("/a", (string?)null), ("/b", null), ("/c", "named") })
                {
                    app.MapOpenAIWebhooks(path, (_, _) => Add(path), name);
                }

                var group = app.MapGroup("/group");
                group.MapOpenAIWebhooks("/a", (_, _) => Add("/group/a"));
                foreach (var (path, name) in new[] { ("/branch", (string?)null), ("/named", "named") })
                {
                    ((IApplicationBuilder)app).Map(path, branch => branch.UseRouting()
                        .UseEndpoints(
                            endpoints => endpoints.MapOpenAIWebhooks("/a", (_, _) => Add($"{path}/a"), name)));
                }
            });

        string[] paths = ["/a", "/b", "/c", "/group/a", "/branch/a", "/named/a"];
        foreach (string path in paths.Concat(paths))
        {
            (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), path)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        handled.Should().Equal(paths);

        Task Add(string path)
        {
            handled.Add(path);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(null, 96, 1)]
    [InlineData(null, 97, 2)]
    [InlineData(1, 1, 2)]
    public async Task Without_a_cache_an_id_is_remembered_for_as_long_as_was_asked_for(
        int? retentionHours, int hoursLater, int expectedRuns)
    {
        var clock = new StoppedClock();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks().AddDeduplication(
                retentionHours is { } hours ? TimeSpan.FromHours(hours) : null);
            builder.Services.AddSingleton<TimeProvider>(clock);
        });

        await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload, "wh_1"));
        clock.Advance(TimeSpan.FromHours(hoursLater) - (hoursLater == 96 ? TimeSpan.FromSeconds(1) : TimeSpan.Zero));
        await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload, "wh_1"));

        app.Deliveries.Should().HaveCount(expectedRuns);

        await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload, "wh_1"));
        app.Deliveries.Should().HaveCount(expectedRuns, "what was handled again is remembered again");
    }

    [Fact]
    public async Task Without_a_cache_ids_that_come_at_once_are_all_remembered()
    {
        var memory = new InProcessHandledIds(TimeSpan.FromDays(4), TimeProvider.System);

        Parallel.For(0, 20_000, i => memory.AddAsync("/hook", $"wh_{i}").AsTask().Wait());

        for (int i = 0; i < 20_000; i++)
        {
            (await memory.ContainsAsync("/hook", $"wh_{i}")).Should().BeTrue();
        }
    }

    [Fact]
    public async Task Without_a_cache_100_000_ids_are_remembered_and_the_oldest_forgotten_first()
    {
        var memory = new InProcessHandledIds(TimeSpan.FromDays(4), TimeProvider.System);

        for (int i = 0; i <= 100_000; i++)
        {
            await memory.AddAsync("/hook", $"wh_{i}");
        }

        (await memory.ContainsAsync("/hook", "wh_0")).Should().BeFalse();
        (await memory.ContainsAsync("/hook", "wh_1")).Should().BeTrue();
        (await memory.ContainsAsync("/hook", "wh_100000")).Should().BeTrue();
        (await memory.ContainsAsync("/other", "wh_100000")).Should().BeFalse();
    }

    [Theory]
    [InlineData("hangs", "System.TimeoutException: The cache did not answer within 500 ms.")]
    [InlineData("hangs at the write", null)]
    [InlineData("throws", "System.IO.IOException: the cache is away")]
    [InlineData("throws at once", "System.IO.IOException: the cache is away")]
    public async Task A_cache_that_fails_delays_a_delivery_by_little_and_loses_none(string how, string? logged)
    {
        var cache = new FailingCache(how);
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks().AddDeduplication();
            builder.Services.AddSingleton<IDistributedCache>(cache);
        });

        var answer = app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        // Not an assertion on speed: a cache that is waited for would never answer.
        (await answer.WaitAsync(TimeSpan.FromSeconds(30))).StatusCode.Should().Be(HttpStatusCode.OK);
        app.Deliveries.Should().ContainSingle();
        await TestApp.Eventually(() => cache.Writes == 1);
        if (logged is not null)
        {
            app.Log.Where(entry => entry.Level == LogLevel.Warning && entry.Message.Contains("wh_1"))
                .Select(entry => entry.Exception!.ToString())
                .Should().Contain(exception => exception.StartsWith(logged));
        }

        cache.Release();
    }

    [Fact]
    public async Task A_cache_that_throws_after_the_sender_has_gone_is_no_unhandled_exception()
    {
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddDeduplication();
                builder.Services.AddSingleton<IDistributedCache>(new FailingCache("throws at the write"));
            },
            async (_, _) =>
            {
                entered.SetResult();
                await release.Task;
            });

        await app.SendAndLeaveAsync(TestApp.Sign(), entered.Task);
        release.SetResult();

        await TestApp.Eventually(() => app.Log.Any(entry => entry.Level == LogLevel.Warning));
        app.Log.Where(entry => entry.Level >= LogLevel.Warning)
            .Should().ContainSingle().Which.Message.Should().Contain("The deduplication cache failed");
    }

    [Fact]
    public async Task A_delivery_whose_sender_has_gone_is_remembered_all_the_same()
    {
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var cache = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));
        int runs = 0;
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddDeduplication();
                builder.Services.AddSingleton<IDistributedCache>(cache);
            },
            async (_, _) =>
            {
                runs++;
                entered.TrySetResult();
                await release.Task;
            });

        await app.SendAndLeaveAsync(TestApp.Sign(webhookId: "wh_1"), entered.Task);
        release.SetResult();
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        runs.Should().Be(1);
    }

    private sealed class FailingCache(string how) : IDistributedCache
    {
        private readonly TaskCompletionSource _release = new();
        private int _writes;

        public int Writes => _writes;

        public void Release() => _release.TrySetResult();

        public byte[]? Get(string key) => throw new UnreachableException();

        public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
        {
            switch (how)
            {
                case "hangs":
                    await _release.Task;
                    break;
                case "throws":
                    await Task.Yield();
                    throw new IOException("the cache is away");
                case "throws at once":
                    throw new IOException("the cache is away");
            }

            return null;
        }

        public void Refresh(string key) => throw new UnreachableException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new UnreachableException();

        public void Remove(string key) => throw new UnreachableException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new UnreachableException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
            => throw new UnreachableException();

        public Task SetAsync(
            string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            Interlocked.Increment(ref _writes);
            return how == "hangs at the write" ? _release.Task : throw new IOException("the cache is away");
        }
    }
}
