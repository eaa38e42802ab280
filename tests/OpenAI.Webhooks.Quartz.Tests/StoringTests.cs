using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class StoringTests : QuartzTests
{
    [Fact]
    public async Task A_delivery_is_stored_handled_once_and_its_id_kept_without_its_payload()
    {
        await using var app = await StartAsync();

        foreach (int _ in Enumerable.Range(0, 3))
        {
            (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        }

        await Eventually(async () => await Sqlite.PendingAsync() == 0);
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK, "a copy after the fact is a success too");

        (await Sqlite.PendingAsync()).Should().Be(0, "and stores nothing");
        (await Sqlite.EffectsAsync()).Should().Equal("wh_1");
        (await Sqlite.StoredAsync()).Should().Equal("wh_1");
        (await Scheduler(app).GetJobDetail(Key("wh_1")))!.JobDataMap.Should().BeEmpty();
    }

    [Theory]
    [InlineData(100, "xxx*xxx")]
    [InlineData(101, "sha256-*")]
    public async Task An_id_longer_than_a_key_can_be_is_stored_once_as_well(int length, string key)
    {
        await using var app = await StartAsync();
        string id = new('x', length);

        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, id)).Should().Be(HttpStatusCode.OK);

        await Eventually(async () => (await Sqlite.EffectsAsync()).Count == 1);
        (await Sqlite.EffectsAsync()).Should().Equal(id);
        (await Sqlite.StoredAsync()).Should().ContainSingle().Which.Should().Match(key);
    }

    [Fact]
    public async Task Deliveries_of_a_name_are_stored_in_a_scheduler_of_its_own_and_handled_by_its_handlers()
    {
        var handled = new ConcurrentQueue<WebhookDelivery>();
        await using var app = await StartAsync(
            services => services.AddSingleton(handled)
                .AddOpenAIWebhooks("staging", options => options.Secrets.Add(Program.Secret))
                .AddHandler<WebhookEvent, Slow>()
                .AddQuartzInbox(quartz => quartz.UsePersistentStore(Sqlite.Use)),
            app => app.MapOpenAIWebhooks("/staging", "staging"));

        (await SendAsync(app, "wh_1", path: "/staging")).Should().Be(HttpStatusCode.OK);
        (await SendAsync(app, "wh_poison", "{}", "/staging")).Should().Be(HttpStatusCode.OK);

        var deadLetters = app.Services.GetRequiredKeyedService<WebhookDeadLetters>("staging");
        await Eventually(async () => handled.Count == 1 && (await ListAsync(deadLetters)).Count == 1);
        handled.Single().WebhookId.Should().Be("wh_1");
        handled.Single().Timestamp.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        (await ListAsync(deadLetters)).Single().WebhookId.Should().Be("wh_poison");
        (await ListAsync(app.Services.GetRequiredService<WebhookDeadLetters>())).Should().BeEmpty();
    }

    [Fact]
    public async Task A_process_that_only_receives_stores_for_another_and_can_replay()
    {
        using var log = new Log();
        await using var receiver =
            await StartAsync(services => services.AddSingleton<ILoggerProvider>(log), role: "receiver");
        (await SendAsync(receiver, "wh_1")).Should().Be(HttpStatusCode.OK);
        (await SendAsync(receiver, "wh_poison", "{}")).Should().Be(HttpStatusCode.OK);
        log.Lines.Should().Contain("Information: The scheduler openai-webhooks stores webhooks for other processes to "
            + "handle. This one only receives: it has no handler, or ReceiveOnly() was called. ");
        await Task.Delay(TimeSpan.FromSeconds(2));
        (await Sqlite.PendingAsync()).Should().Be(2);

        await using (var worker = await StartAsync())
        {
            await Eventually(
                async () => (await Sqlite.EffectsAsync()).Contains("wh_1") && (await Sqlite.DeadAsync()).Count == 1);
        }

        (await receiver.Services.GetRequiredService<WebhookDeadLetters>().ReplayAsync("wh_poison")).Should().BeTrue();
        (await Sqlite.DeadAsync()).Should().BeEmpty();
    }
}
