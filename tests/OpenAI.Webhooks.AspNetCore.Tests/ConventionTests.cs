using System.Net;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>The endpoints among the rest of ASP.NET Core.</summary>
public class ConventionTests
{
    [Fact]
    public async Task AllowAnonymous_under_a_fallback_policy_lets_deliveries_in()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddAuthentication("none")
                    .AddScheme<AuthenticationSchemeOptions, NobodyHandler>("none", null);
                builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(
                    new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
            },
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask).AllowAnonymous();
                app.MapOpenAIWebhooks("/closed", (_, _) => Task.CompletedTask);
            });

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(), "/closed")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task RequireRateLimiting_limits_the_endpoint()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddRateLimiter(limiter => limiter.AddPolicy("one", _ =>
                    RateLimitPartition.GetFixedWindowLimiter("all", _ => new()
                    {
                        PermitLimit = 1,
                        Window = TimeSpan.FromHours(1),
                    })));
            },
            app =>
            {
                app.UseRateLimiter();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask).RequireRateLimiting("one");
            });

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task AddEndpointFilter_runs_around_the_endpoint()
    {
        int filtered = 0;
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app => app.MapOpenAIWebhooks(
                TestApp.Path, (_, _) => Task.CompletedTask).AddEndpointFilter(async (context, next) =>
            {
                filtered++;
                return await next(context);
            }));

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);

        filtered.Should().Be(2);
    }

    [Fact]
    public async Task MinimalApi_event_parameter_binds_from_the_body()
    {
        WebhookEvent? bound = null;
        await using var app =
            await TestApp.StartAsync(_ => { }, app => app.MapPost("/events", (WebhookEvent e) => { bound = e; }));

        (await app.SendAsync(Encoding.UTF8.GetBytes(TestApp.Payload), [], "/events")).StatusCode
            .Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(Encoding.UTF8.GetBytes("{}"), [], "/events")).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);

        bound.Should().Be(WebhookEvent.Parse(TestApp.Payload));
    }

    [Theory]
    [InlineData("response.completed")]
    [InlineData("video.rendered")]
    public async Task Controller_from_body_binds_from_the_body(string type)
    {
        await using var app = await StartWithControllersAsync();
        string payload = TestApp.Payload.Replace("response.completed", type);

        using var answer = await app.SendAsync(Encoding.UTF8.GetBytes(payload), [], "/controller/bound");

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).Should().Be(type);
    }

    [Fact]
    public async Task Controller_UnwrapOpenAIWebhookAsync_gives_the_delivery()
    {
        await using var app = await StartWithControllersAsync();
        var signed = TestApp.Sign();

        using var answer = await app.SendAsync(signed, "/controller/unwrapped");

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).Should().Be($"{signed.Headers.Id} response.completed");
    }

    [Fact]
    public async Task Controller_UnwrapOpenAIWebhookAsync_of_a_forgery_throws()
    {
        await using var app = await StartWithControllersAsync();

        using var answer = await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), "/controller/unwrapped");

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).Should().Be("SignatureMismatch");
    }

    [Fact]
    public async Task UnwrapOpenAIWebhookAsync_body_read_before_with_buffering_reads_it_again()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app => app.MapPost(TestApp.Path, async (HttpContext context) =>
            {
                context.Request.EnableBuffering();
                await context.Request.Body.CopyToAsync(Stream.Null);
                return (await context.Request.UnwrapOpenAIWebhookAsync()).Event.Type;
            }));

        using var answer = await app.SendAsync(TestApp.Sign());

        (await answer.Content.ReadAsStringAsync()).Should().Be("response.completed");
    }

    [Fact]
    public async Task UnwrapOpenAIWebhookAsync_body_over_the_limit_throws_with_413()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks("small", options =>
            {
                options.Secrets.Add(TestApp.Secret);
                options.MaxBodyBytes = 10;
            }),
            app => app.MapPost(
                TestApp.Path,
                async (HttpContext context) => (await context.Request.UnwrapOpenAIWebhookAsync("small")).Event.Type));

        using var answer = await app.SendAsync(TestApp.Sign());

        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    private static Task<TestApp> StartWithControllersAsync() => TestApp.StartAsync(
        builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddControllers().AddApplicationPart(typeof(WebhooksController).Assembly);
        },
        app => app.MapControllers());
}

[ApiController, Route("controller")]
public class WebhooksController : ControllerBase
{
    [HttpPost("bound")]
    public ActionResult<string> Bound([FromBody] WebhookEvent webhookEvent) => Content(webhookEvent.Type);

    [HttpPost("unwrapped")]
    public async Task<ActionResult<string>> Unwrapped(CancellationToken cancellationToken)
    {
        try
        {
            var delivery = await Request.UnwrapOpenAIWebhookAsync(cancellationToken: cancellationToken);
            return Content($"{delivery.WebhookId} {delivery.Event.Type}");
        }
        catch (InvalidWebhookSignatureException exception)
        {
            return BadRequest(exception.Failure.ToString());
        }
    }
}

internal sealed class NobodyHandler(
    Microsoft.Extensions.Options.IOptionsMonitor<AuthenticationSchemeOptions> options,
    Microsoft.Extensions.Logging.ILoggerFactory logger,
    System.Text.Encodings.Web.UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        => Task.FromResult(AuthenticateResult.NoResult());
}
