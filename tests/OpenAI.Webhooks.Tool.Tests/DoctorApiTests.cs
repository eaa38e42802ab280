
namespace OpenAI.Webhooks.Tool.Tests;

public class DoctorApiTests
{
    [Fact]
    public async Task What_OpenAI_has_is_held_against_what_the_application_has()
    {
        await using var receiver = await Receiver.StartAsync(
            map: app => app.MapOpenAIWebhooks("/webhooks/openai"), services: services => services.AddOpenAIWebhooks()
                .AddHandler<BatchWebhookEvent, Nothing>(), hasHealth: true);

        (await FixFirstAsync(_ => { })).Should().Be("endpoint_local");
        (await FixFirstAsync(api => api.Add(receiver.Url + "/", types: "batch.completed"))).Should().Be("endpoint_url");
        (await FixFirstAsync(api => api.Add(receiver.Url, types: ["batch.completed", "response.completed"])))
            .Should().Be("not_handled");
        (await FixFirstAsync(api => api.Add(receiver.Url, types: ["response.completed"])))
            .Should().Be("not_subscribed");
        (await FixFirstAsync(api => api.Add(receiver.Url, TestApp.OtherSecret, types: "batch.completed")))
            .Should().Be("secret_rotated");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, TestApp.OtherSecret, types: "batch.completed");
            api.Add("https://example.com/other", types: "batch.completed");
        })).Should().Be("secret_of_another");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Test = (_, _) => Task.FromResult<int?>(null);
        })).Should().Be("test_lost");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Test = (_, _) => throw new InvalidOperationException("on purpose");
        })).Should().Be("test_unknown");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Test = (_, _) => Task.FromResult<int?>(200);
        })).Should().Be("test_unseen");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Test = (_, _) => Task.FromResult<int?>(400);
        })).Should().Be("test_unseen");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Add(receiver.Url, TestApp.OtherSecret, types: "batch.completed");
        })).Should().Be("secret_rotated");
        (await FixFirstAsync(api =>
        {
            api.Add(receiver.Url, types: "batch.completed");
            api.Add(receiver.Url, types: "batch.completed");
        })).Should().Be("endpoint_twice");
        (await FixFirstAsync(api => api.Add(
            receiver.Url.Replace("http:", "HTTP:", StringComparison.Ordinal), types: ["batch.completed", "x.y"])))
            .Should().Be("not_handled");
        (await FixFirstAsync(api => api.Add(receiver.Url))).Should().Be("not_subscribed");

        async Task<string?> FixFirstAsync(Action<FakeApi> prepare)
        {
            await using var api = await FakeApi.StartAsync();
            prepare(api);
            var run = await ToolRun.DoctorAsync(receiver.Url, api);
            return run.FixFirst ?? run.Json["findings"]!.AsArray().Last(
                finding => finding!["level"]!.ToString() == "note")!["code"]!.ToString();
        }
    }
}
