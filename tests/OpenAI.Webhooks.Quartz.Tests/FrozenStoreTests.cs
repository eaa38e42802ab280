using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class FrozenStoreTests : QuartzTests
{
    [Fact]
    public async Task A_store_that_is_frozen_gives_503_in_time_and_an_unhealthy_check_and_works_again_by_itself()
    {
        await using var app = await StartAsync(
            services => services.AddHealthChecks().AddOpenAIWebhooks().AddOpenAIWebhooksQuartzInbox());
        await using (
            var blocker =
                new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(Folder, "webhooks.db")}"))
        {
            await blocker.OpenAsync();
            await using var command = blocker.CreateCommand();
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync();

            // Not an assertion on speed: the lock is held until there is a response.
            (await SendAsync(app, "wh_1").WaitAsync(TimeSpan.FromSeconds(25)))
                .Should().Be(HttpStatusCode.ServiceUnavailable);
            var health = (
                await app.Services.GetRequiredService<HealthCheckService>()
                    .CheckHealthAsync()).Entries["openai-webhooks-inbox"];
            health.Status.Should().Be(HealthStatus.Unhealthy);
            health.Description.Should().Be(
                "The database of the inbox did not answer within 3 seconds. Deliveries get the response 503.");
            command.CommandText = "ROLLBACK";
            await command.ExecuteNonQueryAsync();
        }

        (await SendAsync(app, "wh_1")).Should().Be(HttpStatusCode.OK);
        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
    }
}
