
namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class ForgettingTests : QuartzTests
{
    [Fact]
    public async Task What_was_handled_is_forgotten_after_its_retention_and_what_waits_or_is_dead_is_not()
    {
        await using var app = await StartAsync(retention: TimeSpan.FromSeconds(3));
        await SendAsync(app, "wh_done");
        await SendAsync(app, "wh_poison", "{}");
        await SendAsync(app, "wh_never");
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_done"));

        await Eventually(
            async () => !(await Sqlite.StoredAsync()).Contains("wh_done") && (await Sqlite.DeadAsync()).Count == 2);
        var deadLetters = app.Services.GetRequiredService<WebhookDeadLetters>();
        (await ListAsync(deadLetters)).Select(dead => dead.WebhookId).Should().BeEquivalentTo("wh_poison", "wh_never");

        app.Services.GetRequiredService<Program.Relenting>().Now = true;
        await deadLetters.ReplayAsync("wh_never");
        await Eventually(async () => (await Sqlite.StoredAsync()).SequenceEqual(["wh_poison"]));
        (await Sqlite.EffectsAsync()).Should().BeEquivalentTo("wh_done", "wh_never");
    }
}
