using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class HealthCheckTests
{
    [Fact]
    public async Task It_says_when_requests_last_came_what_became_of_them_and_what_is_handled()
    {
        var clock = new StoppedClock();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(clock);
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, Nothing>();
                builder.Services.AddOpenAIWebhooks("staging", options => options.Secrets = [TestApp.Secret]);
                builder.Services.AddOpenAIWebhooks("never").AddHandler<WebhookEvent, Nothing>();
            },
            app =>
            {
                app.MapOpenAIWebhooks("/a");
                app.MapOpenAIWebhooks("/b", (_, _) => Task.CompletedTask, "staging");
            });
        string first = Text(clock);
        (await CheckAsync(app)).Data.Should().BeEquivalentTo(new Dictionary<string, object>
        {
            ["time"] = first,
            ["endpoints"] = new[] { "POST /a: handled types: batch.*" },
            ["handled_types"] = new[] { "batch.*" },
            ["secret_hints"] = new[] { $"whsec_…{TestApp.Secret[^4..]}" },
            ["staging.endpoints"] = new[] { "POST /b: a delegate handles every event" },
            ["staging.handled_types"] = new[] { "*" },
            ["staging.secret_hints"] = new[] { $"whsec_…{TestApp.Secret[^4..]}" },
            ["never.handled_types"] = new[] { "*" },
            ["never.endpoints"] = Array.Empty<string>(),
            ["never.configuration"] = "The OpenAI webhook options are invalid. No webhook secret is configured. Set "
                + "OpenAI:Webhooks:never:Secrets:0 in the configuration, to the webhook's secret.",
        });

        await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload), "/a");
        clock.Advance(TimeSpan.FromMinutes(1));
        string second = Text(clock);
        await app.SendAsync(new WebhookSigner(TestApp.OtherSecret, clock).Sign(TestApp.Payload), "/a");
        await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign("{}"), "/b");

        var health = await CheckAsync(app);
        health.Status.Should().Be(HealthStatus.Healthy);
        health.Data.Should().Contain("last_authentic", first).And.Contain("last_rejected", second)
            .And.Contain("staging.last_authentic", second).And.NotContainKey("staging.last_rejected");
    }

    [Fact]
    public async Task Its_data_are_shown_as_JSON_where_the_application_maps_them()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().Services.AddHealthChecks().AddOpenAIWebhooks()
                .AddCheck(
                    "other",
                    () => HealthCheckResult.Degraded(
                        "slow",
                        new InvalidOperationException("not shown"),
                        new Dictionary<string,
                        object>
                        { ["count"] = 3, ["seconds"] = 0.5 })),
            app =>
            {
                app.MapOpenAIWebhooks("/a", (_, _) => Task.CompletedTask);
                app.MapHealthChecks("/health", new() { ResponseWriter = WebhookHealthResponse.WriteAsync });
            });
        using var client = new HttpClient();

        using var response = await client.GetAsync(new Uri(app.Address, "/health"));

        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        string json = await response.Content.ReadAsStringAsync();
        using var document = System.Text.Json.JsonDocument.Parse(json);
        document.RootElement.GetProperty("status").GetString().Should().Be("Degraded");
        document.RootElement.GetProperty("entries").GetProperty("openai-webhooks").GetProperty("data")
            .GetProperty("handled_types").GetRawText().Should().Be("""["*"]""");
        document.RootElement.GetProperty("entries").GetProperty("other").GetRawText().Should()
            .Be("""{"status":"Degraded","description":"slow","data":{"count":3,"seconds":0.5}}""");
        json.Should().NotContain(TestApp.Secret).And.NotContain("not shown");
    }

    [Fact]
    public async Task It_is_unhealthy_if_there_never_was_a_secret_for_what_can_only_be_for_unwrapping()
    {
        await using var services = new ServiceCollection().AddLogging().AddHealthChecks().AddOpenAIWebhooks().Services
            .AddOpenAIWebhooks("unwraps").Services.BuildServiceProvider();

        var health = (
            await services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["openai-webhooks"];

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Contain("Set OpenAI:Webhooks:unwraps:Secrets:0");
        health.Data.Should().NotContainKey("unwraps.handled_types", "it handles nothing");
    }

    [Fact]
    public async Task It_reports_the_problems_of_all_registrations_and_the_worst_status()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks("unwraps");
                builder.Services.AddOpenAIWebhooks();
            },
            app => app.MapOpenAIWebhooks("/a", (_, _) => Task.CompletedTask));
        app.Configuration["OpenAI:Webhooks:Secrets:0"] = "sk-not-a-secret";
        app.Configuration.Reload();

        var health = await CheckAsync(app);

        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().Match(
            "*:unwraps:Secrets:0*'s secret. The changed configuration is invalid.*does not begin with whsec_*");
    }

    [Fact]
    public async Task What_a_process_that_only_receives_handles_is_not_known()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks().AddInbox(_ => new InboxTests.Inbox()).ReceiveOnly();
            },
            app => app.MapOpenAIWebhooks("/a"));

        (await CheckAsync(app)).Data.Should().ContainKey("endpoints").And.NotContainKey("handled_types");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_rejection_too()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddHealthChecks().AddOpenAIWebhooks();
            builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 1000);
        });

        await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(1001)));

        var health = await CheckAsync(app);
        health.Description.Should().BeNull();
        health.Data.Should().ContainKey("last_rejected");
    }

    [Theory]
    [InlineData(typeof(LiveTransportWebhookEvent), "live.transport.*")]
    [InlineData(typeof(SafetyCaseWebhookEvent), null)]
    [InlineData(typeof(BatchFailedWebhookEvent), "batch.failed")]
    [InlineData(typeof(LiveCallIncomingWebhookEvent), "live.call.incoming")]
    public async Task Handled_types_are_a_prefix_only_if_all_of_it_is_handled(Type type, string? expected)
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                var webhooks = builder.Services.AddOpenAIWebhooks();
                _ = type == typeof(LiveTransportWebhookEvent) ? webhooks
                    .AddHandler<LiveTransportWebhookEvent, Nothing>()
                    : type == typeof(SafetyCaseWebhookEvent) ? webhooks.AddHandler<SafetyCaseWebhookEvent, Nothing>()
                    : type == typeof(LiveCallIncomingWebhookEvent)
                        ? webhooks.AddHandler<LiveCallIncomingWebhookEvent, Nothing>()
                    : webhooks.AddHandler<BatchFailedWebhookEvent, Nothing>();
            },
            app => app.MapOpenAIWebhooks("/a"));

        (await CheckAsync(app)).Data["handled_types"]
            .Should().BeEquivalentTo(
                new[] { expected ?? string.Join(", ", WebhookEventTypes.Of<SafetyCaseWebhookEvent>()) });
    }

    [Fact]
    public void It_needs_a_builder()
        => FluentActions.Invoking(() => ((IHealthChecksBuilder)null!).AddOpenAIWebhooks())
        .Should().Throw<ArgumentNullException>();

    [Fact]
    public async Task Requests_that_are_unwrapped_by_hand_are_recorded_too()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks();
            },
            app => app.MapPost("/unwrapped", async context => await context.Request.UnwrapOpenAIWebhookAsync()));

        await app.SendAsync(TestApp.Sign(), "/unwrapped");
        await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), "/unwrapped");

        (await CheckAsync(app)).Data
            .Should().ContainKey("last_authentic").And.ContainKey("last_rejected");
        metrics.Of("openai.webhook.deliveries")
            .Should().Equal("1 openai.webhook.failure=signature_mismatch openai.webhook.outcome=refused");
    }

    [Fact]
    public async Task It_is_degraded_while_a_changed_configuration_cannot_be_used()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddHealthChecks().AddOpenAIWebhooks();
        });

        app.Configuration["OpenAI:Webhooks:Secrets:0"] = "sk-not-a-secret";
        app.Configuration.Reload();

        var health = await CheckAsync(app);
        health.Status.Should().Be(HealthStatus.Degraded);
        health.Description.Should().Contain("The last valid configuration stays in effect").And
            .Contain("does not begin with whsec_").And
            .NotContain("sk-");

        app.Configuration["OpenAI:Webhooks:Secrets:0"] = TestApp.Secret;
        app.Configuration.Reload();
        (await CheckAsync(app)).Status.Should().Be(HealthStatus.Healthy);
    }

    private static string Text(StoppedClock clock)
        => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<HealthReportEntry> CheckAsync(TestApp app)
        => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["openai-webhooks"];
}
