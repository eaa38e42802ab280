using System.Net;
using OpenAI.Webhooks.Quartz.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OpenAI.Webhooks.Nightly;

public sealed class LostStoreTests : QuartzTests
{
    [Fact]
    public async Task A_store_that_is_away_gives_503_and_an_unhealthy_check_and_the_next_attempt_is_stored()
    {
        await using var app = await StartAsync(
            services => services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        await Sqlite.ExecuteAsync("ALTER TABLE qrtz_job_details RENAME TO away");

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.ServiceUnavailable);
        var health = (await app.Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync()).Entries["openai-webhooks-inbox"];
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Be("The inbox cannot store deliveries. They get the response 503.");

        await Sqlite.ExecuteAsync("ALTER TABLE away RENAME TO qrtz_job_details");
        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }
}
