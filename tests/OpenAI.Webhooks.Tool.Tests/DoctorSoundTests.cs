using Microsoft.AspNetCore.Hosting;

namespace OpenAI.Webhooks.Tool.Tests;

public class DoctorSoundTests
{
    private static readonly Dictionary<string, Func<Task<Receiver>>> SoundSetups = new()
    {
        ["a delegate"] = () => Receiver.StartAsync(),
        ["a delegate, health"] = () => Receiver.StartAsync(hasHealth: true),
        ["handlers, health"] = () => Receiver.StartAsync(
            map: app => app.MapOpenAIWebhooks("/webhooks/openai"), services: services => services.AddOpenAIWebhooks()
                .AddHandler<BatchWebhookEvent, Nothing>(), hasHealth: true),
        ["an inbox"] = () => Receiver.StartAsync(
            map: app => app.MapOpenAIWebhooks("/webhooks/openai"), services: services => services.AddOpenAIWebhooks()
                .AddInbox<InboxThatForgets>().ReceiveOnly(), hasHealth: true),
        ["a path base"] = () => Receiver.StartAsync(
            app =>
            {
                app.UsePathBase("/base");
                app.UseWhen(context => !context.Request.PathBase.HasValue, branch => branch.Run(context =>
                {
                    context.Response.StatusCode = 404;
                    return Task.CompletedTask;
                }));
                app.UseRouting();
            },
            path: "/base/webhooks/openai"),
        ["a name"] = () => Receiver.StartAsync(
            map: app => app.MapOpenAIWebhooks("/webhooks/openai", Done, "staging"), services: services =>
                services.AddOpenAIWebhooks(
                "staging", options => options.Secrets = [TestApp.Secret]), hasHealth: true),
        ["another status for what is not signed"] =
            () => Receiver.StartAsync(map: app => app.MapPost("/webhooks/openai", async (HttpRequest request) =>
        {
            try
            {
                await request.UnwrapOpenAIWebhookAsync();
                return Results.Accepted();
            }
            catch (InvalidWebhookSignatureException)
            {
                return Results.Unauthorized();
            }
        })),
        ["types that nobody handles are rejected"] =
            () => Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (delivery, _) =>
                delivery.Event is UnknownWebhookEvent
                    ? throw new InvalidOperationException("unknown")
                    : Task.CompletedTask)),
        ["404 for what is not signed"] =
            () => Receiver.StartAsync(map: app => app.MapPost("/webhooks/openai", async (HttpRequest request) =>
        {
            try
            {
                await request.UnwrapOpenAIWebhookAsync();
                return Results.Ok();
            }
            catch (InvalidWebhookSignatureException)
            {
                return Results.NotFound();
            }
        })),
        ["a proxy whose clock is wrong"] =
            () => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            context.Response.Headers.Date =
                DateTimeOffset.UtcNow.AddHours(1).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            return next(context);
        })),
        ["two registrations"] = () => Receiver.StartAsync(
            map: app =>
            {
                app.MapOpenAIWebhooks("/other", name: null);
                app.MapOpenAIWebhooks("/webhooks/openai", "staging");
            },
            services: services =>
            {
                services.AddOpenAIWebhooks(options => options.Secrets = [TestApp.OtherSecret])
                    .AddHandler<ResponseWebhookEvent, Nothing>();
                services.AddOpenAIWebhooks("staging", options => options.Secrets = [TestApp.Secret])
                    .AddHandler<BatchWebhookEvent, Nothing>();
            },
            hasHealth: true),
        ["status code pages"] = () => Receiver.StartAsync(app => app.UseStatusCodePages()),
        ["a server that speaks HTTP/2 too"] = () => Receiver.StartAsync(
            kestrel: options => options.ConfigureEndpointDefaults(
                listen => listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1AndHttp2)),
        ["a buffered body"] = () => Receiver.StartAsync(app => app.Use(async (context, next) =>
        {
            context.Request.EnableBuffering();
            await new StreamReader(context.Request.Body, leaveOpen: true).ReadToEndAsync();
            context.Request.Body.Position = 0;
            await next(context);
        })),
        ["a controller's recipe"] =
            () => Receiver.StartAsync(map: app => app.MapPost("/webhooks/openai", async (HttpRequest request) =>
        {
            try
            {
                await request.UnwrapOpenAIWebhookAsync();
                return Results.Ok();
            }
            catch (InvalidWebhookSignatureException)
            {
                return Results.BadRequest();
            }
        })),
        ["a fallback policy, and AllowAnonymous"] = () => Receiver.StartAsync(
            app => app.UseAuthentication().UseAuthorization(),
            app => app.MapOpenAIWebhooks("/webhooks/openai", Done).AllowAnonymous(),
            services =>
            {
                services.AddAuthentication("cookies").AddCookie("cookies");
                services.AddAuthorizationBuilder().SetFallbackPolicy(
                    new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAuthenticatedUser()
                        .Build());
            }),
        ["antiforgery that leaves it alone"] = () => Receiver.StartAsync(
            app => app.UseRouting().UseAntiforgery(), services: services => services.AddAntiforgery(), hasHealth: true),
        ["decompression"] = () => Receiver.StartAsync(
            app => app.UseRequestDecompression(), services: services => services.AddRequestDecompression()),
        ["compression"] = () => Receiver.StartAsync(
            app => app.UseResponseCompression(), services: services =>
                services.AddResponseCompression(), hasHealth: true),
        ["deduplication"] = () => Receiver.StartAsync(
            services: services => services.AddOpenAIWebhooks().AddDeduplication(), hasHealth: true),
        ["a group"] = () => Receiver.StartAsync(
            map: app => app.MapGroup("/webhooks").MapOpenAIWebhooks("/openai", Done), hasHealth: true),
        ["an exception page"] = () => Receiver.StartAsync(app => app.UseDeveloperExceptionPage()),
        ["request timeouts"] = () => Receiver.StartAsync(
            app => app.UseRequestTimeouts(), services: services => services.AddRequestTimeouts()),
        ["CORS and caching"] = () => Receiver.StartAsync(
            app => app.UseRouting().UseCors().UseOutputCache(), services: services =>
                services.AddCors().AddOutputCache()),
        ["forwarded headers"] = () => Receiver.StartAsync(app => app.UseForwardedHeaders(), hasHealth: true),
        ["rotation"] = () => Receiver.StartAsync(
            services: services => services.Configure<OpenAIWebhooksOptions>(
                options => options.Secrets = [TestApp.OtherSecret, TestApp.Secret]), hasHealth: true),
    };

    public static TheoryData<string> Setups => [.. SoundSetups.Keys];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_sound_set_up_gives_no_alarm(string setup)
    {
        await using var receiver = await SoundSetups[setup]();
        await using var api = await FakeApi.StartAsync();
        api.Add(receiver.Url, types: ["batch.completed"]);

        foreach (
            var run in new[] { await ToolRun.DoctorAsync(receiver.Url), await ToolRun.DoctorAsync(receiver.Url, api) })
        {
            run.FixFirst.Should().BeNull(run.Output);
            run.ExitCode.Should().Be(0);
        }
    }

    private static Task Done(WebhookDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class InboxThatForgets : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
