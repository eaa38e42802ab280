using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class AmbiguousRouteTests
{
    [Theory]
    [InlineData("/hook", "/Hook/", "POST /hook and POST /Hook")]
    [InlineData("/{a}", "/{b}", "POST /{a} and POST /{b}")]
    [InlineData("/x/{a:int}", "/x/{b:int}", "POST /x/{a:int} and POST /x/{b:int}")]
    public async Task Two_endpoints_that_match_the_same_requests_do_not_start(string one, string other, string named)
        => await FluentActions.Awaiting(() => StartTwoAsync(one, other))
        .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage($"Several endpoints match the same requests: {named}. Routing cannot choose between them, *");

    [Theory]
    [InlineData("/hook", "/hooks")]
    [InlineData("/hook", "/{a}")]
    [InlineData("/x/{a:int}", "/x/{b}")]
    [InlineData("/x/{a:int}", "/x/{b:guid}")]
    [InlineData("/x/{a}", "/x/{**b}")]
    public async Task Two_endpoints_that_routing_can_tell_apart_start(string one, string other)
        => await (await StartTwoAsync(one, other)).DisposeAsync();

    [Fact]
    public async Task Two_endpoints_at_one_path_with_hosts_that_tell_them_apart_start()
        => await (await StartTwoAsync("/hook", "/hook", "one.example.com", "two.example.com")).DisposeAsync();

    [Fact]
    public async Task Two_endpoints_at_one_path_with_a_host_in_common_do_not_start()
        => await FluentActions.Awaiting(() => StartTwoAsync("/hook", "/hook", "one.example.com", "ONE.example.com"))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("Several endpoints match *");

    [Theory]
    [InlineData("a delegate", "POST /hook and POST /hook")]
    [InlineData("two methods", "POST /hook and POST /Hook")]
    [InlineData("a controller", "POST /hook and POST /hook")]
    [InlineData("a group", "POST /hook and POST /hook")]
    public async Task A_webhook_endpoint_beside_another_one_for_the_same_requests_does_not_start(
        string other, string named)
        => await FluentActions.Awaiting(() => StartBesideAsync(other))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage($"Several endpoints match the same requests: {named}. Routing cannot choose between them, *");

    [Theory]
    [InlineData("a GET")]
    [InlineData("all methods")]
    [InlineData("a fallback")]
    [InlineData("a branch")]
    [InlineData("a consumer of text")]
    public async Task A_webhook_endpoint_beside_one_that_routing_can_tell_apart_starts_and_gets_the_deliveries(
        string other)
    {
        await using var app = await StartBesideAsync(other);

        (await app.SendAsync(TestApp.Sign(), "/hook")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private static Task<TestApp> StartTwoAsync(string one, string other, params string[] hosts) => TestApp.StartAsync(
        builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddOpenAIWebhooks("other", options => options.Secrets = [TestApp.Secret]);
        },
        app =>
        {
            var first = app.MapOpenAIWebhooks(one, (_, _) => Task.CompletedTask);
            var second = app.MapOpenAIWebhooks(other, (_, _) => Task.CompletedTask, "other");
            if (hosts is [var hostOfFirst, var hostOfSecond])
            {
                first.RequireHost(hostOfFirst);
                second.RequireHost(hostOfSecond);
            }
        });

    private static Task<TestApp> StartBesideAsync(string other) => TestApp.StartAsync(
        builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddControllers().ConfigureApplicationPartManager(parts =>
            {
                parts.ApplicationParts.Clear();
                if (other == "a controller")
                {
                    parts.FeatureProviders.Add(new OnlyHook());
                }
            });
        },
        app =>
        {
            app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask);
            _ = other switch
            {
                "a delegate" => app.MapPost("/hook", () => "other"),
                "two methods" => app.MapMethods("/Hook", ["GET", "POST"], () => "other"),
                "a controller" => app.MapControllers(),
                "a group" => app.MapGroup("/hook").MapPost("", () => "other"),
                "a GET" => app.MapGet("/hook", () => "other"),
                "all methods" => app.Map("/hook", () => "other"),
                "a fallback" => app.MapFallback(() => "other"),
                "a consumer of text" => app.MapPost("/hook", () => "other").Accepts<string>("text/plain"),
                _ => (object)app.Map("/branch", branch => branch.UseRouting().UseEndpoints(
                    endpoints => endpoints.MapPost("/hook", () => "other"))),
            };
        });

    private sealed class OnlyHook : IApplicationFeatureProvider<ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
            => feature.Controllers.Add(typeof(HookController).GetTypeInfo());
    }

    [NonController]
    public sealed class HookController : ControllerBase
    {
        [HttpPost("/hook")]
        public IActionResult Post() => Ok();
    }
}
