
namespace OpenAI.Webhooks.Tool.Tests;

public class DoctorSlowTests
{
    [Fact]
    public async Task A_handler_that_is_slow_is_not_tried_again()
    {
        int handled = 0;
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (_, token) =>
        {
            handled++;
            return Task.Delay(TimeSpan.FromSeconds(3.5), token);
        }));
        await using var api = await FakeApi.StartAsync();
        api.Add(receiver.Url, types: ["response.completed"]);

        (await ToolRun.DoctorAsync(receiver.Url, api)).FixFirst.Should().Be("slow_handler");

        // The sample, and an event of a type that does not exist.
        handled.Should().Be(2);
    }
}
