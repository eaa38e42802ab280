using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class StartupTests
{
    [Fact]
    public async Task Start_without_a_secret_fails_and_says_what_to_set()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
            {
                builder.Configuration.Sources.Clear();
                builder.Services.AddOpenAIWebhooks();
            }))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("*no webhook secret*OpenAI:Webhooks:Secrets:0*OPENAI_WEBHOOK_SECRET*");

    [Theory]
    [InlineData(" ", "*no webhook secret*OPENAI_WEBHOOK_SECRET*")]
    [InlineData("whsec_c2hvcnQ=", "*invalid. Set OpenAI:Webhooks:Secrets:0 in the configuration, or the environment "
        + "variable OPENAI_WEBHOOK_SECRET, to the webhook's secret. The webhook secret is too short: 5 bytes, but at "
        + "least 24 are required. Copy the whole secret again.*")]
    public async Task Start_with_a_bad_secret_fails_without_quoting_it(string secret, string message)
        => (await FluentActions.Awaiting(
            () => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(options =>
            {
                options.Secrets.Clear();
                options.Secrets.Add(secret);
            })))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage(message)).Which.Message.Should().NotContain("c2hvcnQ");

    [Theory]
    [InlineData("Tolerance", "300", "*OpenAI:Webhooks:Tolerance is 300.00:00:00*A single number is read as days*")]
    [InlineData("Tolerance", "1.00:00:01", "*Tolerance*one day*")]
    [InlineData("Tolerance", "-00:00:01", "*Tolerance*")]
    [InlineData("Tolerance", "5 minutes", "*OpenAI:Webhooks:Tolerance is not a duration*00:05:00*")]
    [InlineData("MaxBodyBytes", "0", "*OpenAI:Webhooks:MaxBodyBytes is 0*")]
    [InlineData("MaxBodyBytes", "-1", "*OpenAI:Webhooks:MaxBodyBytes is not a number of bytes*")]
    [InlineData("MaxBodyBytes", "1 MB", "*OpenAI:Webhooks:MaxBodyBytes is not a number of bytes*")]
    public async Task Start_with_a_bad_tolerance_or_limit_fails_and_names_it(string key, string value, string message)
        => (await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
            {
                builder.Configuration[$"OpenAI:Webhooks:{key}"] = value;
                builder.Services.AddOpenAIWebhooks();
            }))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage(message)).Which.Message.Should().NotContain("secret");

    [Theory]
    [InlineData("1.00:00:00")]
    [InlineData("00:01:00")]
    [InlineData("00:00:00")]
    [InlineData("-00:00:00.0010000")]
    public async Task Start_with_a_tolerance_up_to_a_day_or_infinite_works(string tolerance)
    {
        var clock = new StoppedClock();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration["OpenAI:Webhooks:Tolerance"] = tolerance;
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<TimeProvider>(clock);
        });

        (await app.SendAsync(new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload))).IsSuccessStatusCode
            .Should().BeTrue();
    }

    [Theory]
    [InlineData("OpenAI:Webhooks:Secrets", "OpenAI:Webhooks:Secrets:0")]
    [InlineData("OpenAI:Webhooks:Secrets", "OPENAI_WEBHOOK_SECRET")]
    [InlineData("OPENAI_WEBHOOK_SECRET", "OpenAI:Webhooks:Secrets:0")]
    [InlineData("OPENAI_WEBHOOK_SECRET", "OpenAI:Webhooks:Secrets")]
    public async Task Start_with_one_secret_and_a_blank_elsewhere_takes_the_secret(string key, string blank)
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration["OpenAI:Webhooks:Secrets:0"] = null;
            builder.Configuration[blank] = " ";
            builder.Configuration[key] = TestApp.OtherSecret;
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Start_second_registration_without_a_secret_fails_and_names_its_section()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
            {
                builder.Configuration["OPENAI_WEBHOOK_SECRET"] = TestApp.OtherSecret;
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddOpenAIWebhooks("staging");
            },
            app => app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask, "staging")))
            .Should().ThrowAsync<OptionsValidationException>("the fallback is the default registration's own")
            .WithMessage(
                "*No webhook secret is configured. Set OpenAI:Webhooks:staging:Secrets:0 in the configuration, to*");

    [Theory]
    [InlineData("{0} {1}", null, true)]
    [InlineData("{0}\n\t{1}\n", null, true)]
    [InlineData("{0}", "{1}", true)]
    [InlineData("{1}", "{0}", true)]
    [InlineData("{1}", "{1} {0}", true)]
    [InlineData("{0}", null, false)]
    public async Task Secrets_of_the_variable_and_of_the_list_are_all_accepted(
        string variable, string? listed, bool isOtherAccepted)
    {
        string? Fill(string? text) => text?.Replace("{0}", TestApp.Secret).Replace("{1}", TestApp.OtherSecret);
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration["OpenAI:Webhooks:Secrets:0"] = Fill(listed);
            builder.Configuration["OPENAI_WEBHOOK_SECRET"] = Fill(variable);
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign())).IsSuccessStatusCode.Should().BeTrue();
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode
            .Should().Be(isOtherAccepted);
    }

    [Fact]
    public async Task Secrets_that_code_assigns_replace_those_of_the_variable()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration["OPENAI_WEBHOOK_SECRET"] = TestApp.OtherSecret;
            builder.Services.AddOpenAIWebhooks(options => options.Secrets = [TestApp.Secret]);
        });

        (await app.SendAsync(TestApp.Sign())).IsSuccessStatusCode.Should().BeTrue();
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeFalse();
    }

    [Theory]
    [InlineData("whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData(" WHSEC_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    [InlineData("\"whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=\"")]
    [InlineData("OPENAI_WEBHOOK_SECRET=whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=")]
    public async Task A_secret_where_the_name_goes_is_refused_and_not_repeated(string secret)
    {
        FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks(secret))
            .Should().Throw<ArgumentException>()
            .WithMessage("A webhook secret was passed as a name or route. Set the secret in the options instead: Set "
                + "OpenAI:Webhooks:Secrets:0 in the configuration, or the environment variable "
                + "OPENAI_WEBHOOK_SECRET.*").Which.ToString()
            .Should().NotContain("RdvaYFYU");
        (await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(), app =>
            app.MapOpenAIWebhooks("/x", (_, _) => Task.CompletedTask, secret)))
            .Should().ThrowAsync<ArgumentException>()).Which.ToString().Should().NotContain("RdvaYFYU");
        (await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(), app =>
            app.MapOpenAIWebhooks("/x", secret)))
            .Should().ThrowAsync<ArgumentException>()).Which.ToString().Should().NotContain("RdvaYFYU");
        (await FluentActions.Awaiting(() => TestApp.StartAsync(_ => { }, app => app.MapOpenAIWebhooks(secret, (_, _) =>
            Task.CompletedTask)))
            .Should().ThrowAsync<ArgumentException>().WithParameterName("pattern")).Which.ToString()
                .Should().NotContain("RdvaYFYU");
    }

    [Theory]
    [InlineData("a:b")]
    [InlineData("secrets")]
    [InlineData("Tolerance")]
    [InlineData("PRODUCTION")]
    public void AddOpenAIWebhooks_name_that_shares_configuration_with_another_is_refused(string name)
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks("production");
        services.AddOpenAIWebhooks("production");

        FluentActions.Invoking(() => services.AddOpenAIWebhooks(name))
            .Should().Throw<ArgumentException>().WithMessage($"*'{name}'*");
    }

    [Fact]
    public void AddOpenAIWebhooks_name_of_an_option_names_them_all()
        => FluentActions.Invoking(() => new ServiceCollection().AddOpenAIWebhooks("secrets"))
            .Should().Throw<ArgumentException>()
            .WithMessage("*Choose a name without a colon, other than Secrets, Tolerance, MaxBodyBytes.*");

    [Fact]
    public void AddOpenAIWebhooks_among_keyed_services_works()
    {
        var services = new ServiceCollection();
        services.AddKeyedSingleton("key", new object());

        FluentActions.Invoking(() => services.AddOpenAIWebhooks()).Should().NotThrow();
    }

    [Fact]
    public async Task Start_twice_registered_binds_once()
    {
        int secrets = 0;
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddOpenAIWebhooks(options => secrets = options.Secrets.Count);
        });

        secrets.Should().Be(1);
    }

    [Fact]
    public async Task Null_arguments_are_the_callers_error()
    {
        using var app = WebApplication.CreateBuilder().Build();
        Func<WebhookDelivery, CancellationToken, Task> handler = (_, _) => Task.CompletedTask;
        foreach (var (name, call) in new (string, Action)[]
        {
            ("services", () => ((IServiceCollection)null!).AddOpenAIWebhooks()),
            ("name", () => new ServiceCollection().AddOpenAIWebhooks((string)null!)),
            ("inbox", () => new ServiceCollection().AddOpenAIWebhooks().AddInbox(null!)),
            ("endpoints", () => ((WebApplication)null!).MapOpenAIWebhooks("/x", handler)),
            ("pattern", () => app.MapOpenAIWebhooks(null!, handler)),
            ("handler", () => app.MapOpenAIWebhooks("/x", (Func<WebhookDelivery, CancellationToken, Task>)null!)),
        })
        {
            call.Should().Throw<ArgumentNullException>().WithParameterName(name);
        }

        await FluentActions.Awaiting(() => ((HttpRequest)null!).UnwrapOpenAIWebhookAsync())
            .Should().ThrowAsync<ArgumentNullException>().WithParameterName("request");
        await FluentActions.Awaiting(
            () => WebhookHealthResponse.WriteAsync(
                null!, new(new Dictionary<string, HealthReportEntry>(), TimeSpan.Zero)))
            .Should().ThrowAsync<ArgumentNullException>().WithParameterName("context");
        await FluentActions.Awaiting(() => WebhookHealthResponse.WriteAsync(new DefaultHttpContext(), null!))
            .Should().ThrowAsync<ArgumentNullException>().WithParameterName("report");
    }

    [Fact]
    public async Task Unwrap_without_headers_says_which_is_missing()
    {
        await using var app = await TestApp.StartAsync();
        var request = new DefaultHttpContext { RequestServices = app.Services }.Request;

        (await FluentActions.Awaiting(() =>
            request.UnwrapOpenAIWebhookAsync()).Should().ThrowAsync<InvalidWebhookSignatureException>())
            .Which.Failure.Should().Be(WebhookVerificationFailure.MissingId);
    }

    [Fact]
    public async Task Unwrap_cancelled_by_the_caller_is_cancelled()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics).AddOpenAIWebhooks());
        var signed = TestApp.Sign();
        var request = new DefaultHttpContext { RequestServices = app.Services }.Request;
        foreach (var (name, value) in signed.Headers.ToDictionary())
        {
            request.Headers[name] = value;
        }

        request.Body = new MemoryStream(signed.GetPayload().ToArray());

        await FluentActions.Awaiting(
            () => request.UnwrapOpenAIWebhookAsync(cancellationToken: new CancellationToken(canceled: true)))
            .Should().ThrowAsync<OperationCanceledException>();
        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=aborted");
        (await request.UnwrapOpenAIWebhookAsync()).WebhookId.Should().Be(signed.Headers.Id);
    }

    [Fact]
    public async Task Start_with_the_fallback_variable_takes_it()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration["OpenAI:Webhooks:Secrets:0"] = null;
            builder.Configuration["OPENAI_WEBHOOK_SECRET"] = TestApp.OtherSecret;
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Start_with_a_section_of_configuration_binds_all_of_it()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration.AddInMemoryCollection(
            [
                new("OpenAI:Webhooks:Secrets:1", TestApp.OtherSecret),
                new("OpenAI:Webhooks:Tolerance", "00:10:00"),
                new("OpenAI:Webhooks:MaxBodyBytes", "2000"),
            ]);
            builder.Services.AddOpenAIWebhooks(options =>
            {
                options.Secrets.Count.Should().Be(2);
                options.Tolerance.Should().Be(TimeSpan.FromMinutes(10));
                options.MaxBodyBytes.Should().Be(2000);
            });
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Map_without_add_says_so()
        => await FluentActions.Awaiting(
            () => TestApp.StartAsync(_ => { }, app => app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask)))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("MapOpenAIWebhooks(\"/hook\") needs services that are not registered. Call "
                + "AddOpenAIWebhooks() before the application is built.");

    [Fact]
    public async Task Map_with_a_name_that_was_not_added_says_so()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(
                builder =>
                {
                    builder.Services.AddOpenAIWebhooks();
                    builder.Services.AddOpenAIWebhooks("staging", options => options.Secrets.Add(TestApp.Secret));
                },
                app => app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask, "other")))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("MapOpenAIWebhooks(\"/hook\") needs services that are not registered. Call "
                + "AddOpenAIWebhooks(\"other\") before the application is built, or pass a registered name: "
                + "AddOpenAIWebhooks(), AddOpenAIWebhooks(\"staging\").");

    [Fact]
    public async Task Map_without_handlers_says_so()
        => await FluentActions.Awaiting(
            () => TestApp.StartAsync(
                builder => builder.Services.AddOpenAIWebhooks(), app => app.MapOpenAIWebhooks("/hook")))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*has no handler*AddHandler*");

    [Fact]
    public async Task Unwrap_without_add_says_so()
        => await FluentActions.Awaiting(
            () => new DefaultHttpContext
            {
                RequestServices = new ServiceCollection().BuildServiceProvider(),
            }.Request.UnwrapOpenAIWebhookAsync())
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddOpenAIWebhooks()*");
}
