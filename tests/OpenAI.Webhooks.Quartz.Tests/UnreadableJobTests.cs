using System.Net;
using OpenAI.Webhooks.AspNetCore.Tests;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class UnreadableJobTests : QuartzTests
{
    [Fact]
    public async Task What_Quartz_cannot_read_is_waiting_first_and_then_a_dead_letter_that_can_be_replayed()
    {
        await using (var receiver = await StartAsync(role: "receiver"))
        {
            (await SendAsync(receiver, "wh_1")).Should().Be(HttpStatusCode.OK);
        }

        (await Sqlite.ExecuteAsync("CREATE TABLE was AS SELECT job_data FROM qrtz_job_details"))
            .Should().BeGreaterThanOrEqualTo(0);
        await Sqlite.ExecuteAsync("UPDATE qrtz_job_details SET job_data = 'nonsense'");
        await Sqlite.ExecuteAsync("UPDATE qrtz_triggers SET start_time = start_time - 1000000000, next_fire_time = "
            + "next_fire_time - 1000000000 WHERE trigger_group = 'openai-webhooks'");
        using var metrics = new Metrics();
        await using var worker =
            await StartAsync(services => services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics));

        await Eventually(() =>
        {
            metrics.Collect();
            return Task.FromResult(
                metrics.Of("openai.webhook.inbox.oldest").Any(
                    oldest => !oldest.StartsWith("0 ", StringComparison.Ordinal)));
        });
        var deadLetters = worker.Services.GetRequiredService<WebhookDeadLetters>();
        await Eventually(async () => (await ListAsync(deadLetters)).Count == 1);
        (await ListAsync(deadLetters)).Single().Should().Match<WebhookDeadLetter>(dead =>
            dead.Key == "wh_1" && dead.ExceptionMessage.StartsWith("Quartz cannot read what was stored. "));

        await Sqlite.ExecuteAsync("UPDATE qrtz_job_details SET job_data = (SELECT job_data FROM was)");
        (await deadLetters.ReplayAsync("wh_1")).Should().BeTrue();
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }
}
