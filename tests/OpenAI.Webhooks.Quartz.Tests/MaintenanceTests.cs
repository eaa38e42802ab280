using System.Net;
using Microsoft.Extensions.Logging;
using Quartz;

namespace OpenAI.Webhooks.Quartz.Tests;

public sealed class MaintenanceTests : QuartzTests
{
    [Fact]
    public async Task Remembered_ids_do_not_stand_in_the_way_of_deliveries_even_after_somebody_resumed_all_triggers()
    {
        await using var app = await StartAsync();
        var scheduler = Scheduler(app);
        async Task<bool> ArePausedAsync()
            => (await scheduler.QueryTriggers(new TriggerQuery())).Items.All(
                trigger => trigger.State == TriggerState.Paused);
        await SendAsync(app, "wh_1");
        await Eventually(async () => await Sqlite.PendingAsync() == 0 && await ArePausedAsync());

        await scheduler.ResumeAll();

        (await ArePausedAsync()).Should().BeFalse();
        await SendAsync(app, "wh_2");
        await Eventually(async () => await Sqlite.PendingAsync() == 0 && await ArePausedAsync());
        (await Sqlite.EffectsAsync()).Should().Equal("wh_1", "wh_2");
    }

    [Fact]
    public async Task A_trigger_that_Quartz_has_given_up_is_tried_again_by_itself()
    {
        using var log = new Log();
        await using (var receiver = await StartAsync(role: "receiver"))
        {
            (await SendAsync(receiver, "wh_1")).Should().Be(HttpStatusCode.OK);
        }

        (await Sqlite.ExecuteAsync("UPDATE qrtz_triggers SET trigger_state = 'ERROR' WHERE trigger_group = "
            + "'openai-webhooks'"))
            .Should().Be(1);
        await using var worker = await StartAsync(services => services.AddSingleton<ILoggerProvider>(log));

        await Eventually(async () => (await Sqlite.EffectsAsync()).Contains("wh_1"));
        log.Lines.Should().Contain("Warning: Quartz gave up on the webhook wh_1 without running it (trigger state "
            + "ERROR). The webhook is retried. ");
    }
}
