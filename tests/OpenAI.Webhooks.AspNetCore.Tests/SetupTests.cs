using System.Net;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>What is set up a little wrongly: who says so, and in which words.</summary>
public class SetupTests
{
    private const string TakesTheInbox =
        "the delegate would replace the inbox of AddOpenAIWebhooks(), and nothing would be stored. Remove the delegate "
        + "and add handlers with AddOpenAIWebhooks().AddHandler<TEvent, THandler>(), or give this endpoint its own "
        + "registration with AddOpenAIWebhooks(name).";

    public static TheoryData<string, Action<OpenAIWebhooksBuilder>, bool, string> Mistakes { get; } = new()
    {
        { "a delegate beside an inbox", webhooks => webhooks.AddInbox<Nowhere>(), true, TakesTheInbox },
        { "a delegate beside an inbox and "
            + "a handler", webhooks => webhooks.AddInbox<Nowhere>()
            .AddHandler<WebhookEvent, Nothing>(), true, TakesTheInbox },
        {
            "a delegate beside a handler", webhooks => webhooks.AddHandler<WebhookEvent, Nothing>(), true,
            "the delegate would replace the handlers of AddOpenAIWebhooks(), and they would never run. Remove the "
            + "delegate, or give this endpoint its own registration with AddOpenAIWebhooks(name)."
        },
        {
            "an inbox whose deliveries nobody handles", webhooks => webhooks.AddInbox<Nowhere>(), false,
            "the endpoint would store deliveries that no handler processes. Add a handler with "
            + "AddOpenAIWebhooks().AddHandler<TEvent, THandler>(). If another process handles them, call "
            + "AddOpenAIWebhooks().ReceiveOnly()."
        },
        {
            "nothing", _ => { }, false,
            "the endpoint has no handler. Add one with AddOpenAIWebhooks().AddHandler<TEvent, THandler>(), or pass a "
            + "delegate."
        },
        {
            "a handler that was removed again", webhooks => webhooks
                .AddHandler<WebhookEvent, Nothing>().ClearHandlers(), false,
            "the endpoint has no handler. Add one with AddOpenAIWebhooks().AddHandler<TEvent, THandler>(), or pass a "
            + "delegate."
        },
        {
            "a receiver without an inbox", webhooks => webhooks
                .AddHandler<WebhookEvent, Nothing>().ReceiveOnly(), false,
            "AddOpenAIWebhooks().ReceiveOnly() means that another process handles the deliveries, but there is no "
            + "inbox to store them in. Add one with AddOpenAIWebhooks().AddInbox<TInbox>()."
        },
        {
            "a receiver with a delegate", webhooks => webhooks.ReceiveOnly(), true,
            "AddOpenAIWebhooks().ReceiveOnly() means that another process handles the deliveries, but there is no "
            + "inbox to store them in. Replace the delegate with an inbox, or remove ReceiveOnly()."
        },
        {
            "deduplication beside an inbox", webhooks => webhooks.AddHandler<WebhookEvent, Nothing>()
                .AddInbox<Nowhere>().AddDeduplication(), false,
            "AddOpenAIWebhooks().AddDeduplication() has no effect with an inbox, because the inbox recognizes copies "
            + "itself. Remove one of them."
        },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task What_does_not_fit_together_cannot_be_mapped(
        string what, Action<OpenAIWebhooksBuilder> register, bool hasDelegate, string problem)
        => (await FluentActions.Awaiting(() => TestApp.StartAsync(
                builder => register(builder.Services.AddOpenAIWebhooks()),
                app => _ = hasDelegate
                    ? app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask)
                    : app.MapOpenAIWebhooks("/hook")))
            .Should().ThrowAsync<InvalidOperationException>(what))
            .WithMessage($"MapOpenAIWebhooks(\"/hook\"): {problem}");

    [Fact]
    public async Task A_delegate_beside_the_handlers_of_another_name_can_be_mapped()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, Nothing>()
                    .AddHandler<ResponseFailedWebhookEvent, Nothing>();
                builder.Services.AddOpenAIWebhooks("other", options => options.Secrets = [TestApp.Secret]);
                builder.Services.AddOpenAIWebhooks("stored", options => options.Secrets = [TestApp.Secret])
                    .AddInbox<Nowhere>().ReceiveOnly();
                builder.Services.AddOpenAIWebhooks("both", options => options.Secrets = [TestApp.Secret])
                    .AddInbox<Nowhere>().AddHandler<WebhookEvent, Nothing>().AddHandler<UnknownWebhookEvent, Nothing>();
            },
            app =>
            {
                app.MapOpenAIWebhooks("/handlers");
                app.MapOpenAIWebhooks("/delegate", (_, _) => Task.CompletedTask, "other");
                app.MapOpenAIWebhooks("/stored", "stored");
                app.MapOpenAIWebhooks("/both", "both");
            });

        app.StartLog.Should().Equal(
            "Information: POST /handlers receives OpenAI webhooks: handled types: batch.*, response.failed.",
            "Information: POST /delegate receives OpenAI webhooks: a delegate handles every event.",
            "Information: POST /stored receives OpenAI webhooks: stored in the inbox, for another process to handle.",
            "Information: POST /both receives OpenAI webhooks: stored in the inbox, then handled: *, types newer than "
            + "this version.");
    }

    [Theory]
    [InlineData("fallback", "the application has a fallback authorization policy, but OpenAI does not log in. Unless "
        + "the policy admits OpenAI, add .AllowAnonymous() to the endpoint; the signature is the authentication.")]
    [InlineData("required", "the endpoint requires authorization, but OpenAI does not log in. Unless the policy admits "
        + "OpenAI, add .AllowAnonymous() to the endpoint; the signature is the authentication.")]
    [InlineData("antiforgery", "the endpoint requires an antiforgery token, but OpenAI does not send one. Add "
        + ".DisableAntiforgery() to the endpoint.")]
    [InlineData("fallback, allowed", null)]
    [InlineData("required, allowed", null)]
    [InlineData("none", null)]
    public async Task A_rule_of_the_application_that_rejects_OpenAI_is_warned_of_at_start(string rule, string? reason)
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                var authorization = builder.Services.AddAuthorizationBuilder();
                if (rule.StartsWith("fallback", StringComparison.Ordinal))
                {
                    authorization.SetFallbackPolicy(
                        new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
                }
            },
            app =>
            {
                app.UseAuthorization();
                var endpoint = app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
                _ = rule switch
                {
                    "required" => endpoint.RequireAuthorization(),
                    "required, allowed" => endpoint.RequireAuthorization().AllowAnonymous(),
                    "fallback, allowed" => endpoint.AllowAnonymous(),
                    "antiforgery" => endpoint.WithMetadata(new RequireAntiforgeryTokenAttribute()),
                    _ => endpoint,
                };
            });

        app.Log.Select(entry => $"{entry.Level}: {entry.Message}").Should().Equal(reason is null
            ? []
            : ["Warning: OpenAI's deliveries to POST /webhooks/openai may be rejected before the endpoint sees them: "
                + $"{reason}"]);
    }

    [Fact]
    public async Task The_start_names_routes_with_the_prefixes_of_their_groups()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
            },
            app => app.MapGroup("/a").MapGroup("/b").MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask));

        app.StartLog.Should().Equal(
            "Information: POST /a/b/hook receives OpenAI webhooks: a delegate handles every event.");
        var health = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        health.Entries["openai-webhooks"].Data["endpoints"]
            .Should().BeEquivalentTo(new[] { "POST /a/b/hook: a delegate handles every event" });
    }

    [Fact]
    public async Task A_registration_that_can_only_be_for_unwrapping_is_warned_of_at_start_if_it_has_no_secret()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddOpenAIWebhooks("unwraps");
            builder.Services.AddOpenAIWebhooks("dispatches").AddHandler<WebhookEvent, Nothing>();
        });

        app.Log.Should().ContainSingle().Which.Message.Should().Be(
            "AddOpenAIWebhooks(\"unwraps\") has no endpoint and no handler. It can only be used by "
            + "UnwrapOpenAIWebhookAsync or a WebhookVerifier, and both will fail. The OpenAI webhook options are "
            + "invalid. No webhook secret is configured. Set OpenAI:Webhooks:unwraps:Secrets:0 in the configuration, "
            + "to the webhook's secret.");
    }

    [Fact]
    public async Task Handlers_and_inboxes_that_are_registered_past_the_builder_cannot_be_mapped_without()
    {
        await Mapping(
            services => services.AddSingleton<IWebhookInbox,
            Nowhere>(),
            app => app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("MapOpenAIWebhooks(\"/hook\"): an IWebhookInbox is registered as a service, but nothing uses "
                + "it. Add it with AddOpenAIWebhooks().AddInbox<TInbox>() instead.");
        await Mapping(
            services => services.AddScoped<IWebhookHandler<WebhookEvent>,
            Nothing>(),
            app => app.MapOpenAIWebhooks("/hook"))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("MapOpenAIWebhooks(\"/hook\"): an IWebhookHandler<WebhookEvent> is registered as a service, "
                + "but nothing uses it. Add it with AddOpenAIWebhooks().AddHandler<WebhookEvent, THandler>() instead.");

        static Func<Task<TestApp>> Mapping(Action<IServiceCollection> register, Action<WebApplication> map)
            => () => TestApp.StartAsync(
            builder =>
            {
                register(builder.Services);
                builder.Services.AddOpenAIWebhooks();
            },
            map);
    }

    [Fact]
    public async Task The_secret_that_cannot_be_used_is_named_by_its_place()
        => await FluentActions.Awaiting(
            () => TestApp.StartAsync(
                builder => builder.Services.AddOpenAIWebhooks(options => options.Secrets = [TestApp.Secret, "${OLD}"])))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage(
                "*Secret 2 of 2 is invalid; those of OpenAI:Webhooks:Secrets come first, then those of "
                + "OPENAI_WEBHOOK_SECRET. The webhook secret does not begin with whsec_. Set the secret itself*");

    [Fact]
    public async Task Secrets_that_a_comma_separates_are_refused_with_what_separates_them()
        => await FluentActions.Awaiting(
            () => TestApp.StartAsync(
                builder => builder.Services.AddOpenAIWebhooks(
                    options => options.Secrets = [$"{TestApp.Secret},{TestApp.OtherSecret}"])))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("*what follows is not canonical base64. Copy the whole secret again. White space separates "
                + "several secrets in one value.");

    [Fact]
    public async Task A_secret_that_is_a_section_is_named()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
        {
            builder.Configuration["OpenAI:Webhooks:Secrets:0:Value"] = TestApp.Secret;
            builder.Services.AddOpenAIWebhooks();
        }))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("*OpenAI:Webhooks:Secrets:0 is a section, not a secret. Set OpenAI:Webhooks:Secrets:0 itself "
                + "to one.");

    [Fact]
    public async Task A_misspelt_option_is_named()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
            {
                builder.Configuration["OpenAI:Webhooks:Secret"] = TestApp.Secret;
                builder.Services.AddOpenAIWebhooks();
            }))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("*OpenAI:Webhooks:Secret is not an option. Set OpenAI:Webhooks:Secrets instead, to one secret "
                + "or a list.");

    [Fact]
    public async Task A_health_check_without_its_services_says_so()
    {
        await using var services = new ServiceCollection().AddLogging().AddHealthChecks()
            .AddOpenAIWebhooks().Services.BuildServiceProvider();

        await FluentActions.Awaiting(() => services.GetRequiredService<HealthCheckService>().CheckHealthAsync())
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*Also call services.AddOpenAIWebhooks().");
    }

    [Fact]
    public async Task Endpoints_of_the_application_that_cannot_be_built_do_not_keep_it_from_starting()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app =>
            {
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
                app.MapGet("/broken", (Action<int> cannotBeBound) => "");
            });

        app.Log.Should().BeEmpty();
    }

    [Fact]
    public async Task A_process_that_only_dispatches_starts_without_a_secret()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Nothing>();
        using var host = builder.Build();

        await host.StartAsync();
        await host.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message());
        FluentActions.Invoking(() => host.Services.GetRequiredService<WebhookVerifier>())
            .Should().Throw<OptionsValidationException>()
            .WithMessage("*No webhook secret is configured. Set OpenAI:Webhooks:Secrets:0*");
        await host.StopAsync();
    }

    [Fact]
    public async Task A_verifier_is_a_service_by_the_name_of_its_registration_and_current_after_a_reload()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddOpenAIWebhooks("staging");
            builder.Configuration.AddInMemoryCollection([new("OpenAI:Webhooks:staging:Secrets", TestApp.OtherSecret)]);
        });
        var signed = TestApp.Sign();
        var other = TestApp.Sign(secret: TestApp.OtherSecret);

        app.Services.GetRequiredService<WebhookVerifier>().TryVerify(signed.GetPayload().Span, signed.Headers, out _)
            .Should().BeTrue();
        app.Services.GetRequiredKeyedService<WebhookVerifier>("staging").TryVerify(
            other.GetPayload().Span, other.Headers, out _)
            .Should().BeTrue();

        app.Configuration["OpenAI:Webhooks:Secrets:0"] = TestApp.OtherSecret;
        app.Configuration.Reload();

        app.Services.GetRequiredService<WebhookVerifier>().TryVerify(other.GetPayload().Span, other.Headers, out _)
            .Should().BeTrue();
        app.Services.GetRequiredService<WebhookVerifier>().TryVerify(signed.GetPayload().Span, signed.Headers, out _)
            .Should().BeFalse();
    }

    [Fact]
    public async Task The_options_monitor_sees_a_reload()
    {
        await using var app = await TestApp.StartAsync();
        var monitor = app.Services.GetRequiredService<IOptionsMonitor<OpenAIWebhooksOptions>>();
        var seen = new List<TimeSpan>();
        using var watch = monitor.OnChange(options => seen.Add(options.Tolerance));
        monitor.CurrentValue.Tolerance.Should().Be(TimeSpan.FromMinutes(5));

        app.Configuration["OpenAI:Webhooks:Tolerance"] = "00:01:00";
        app.Configuration.Reload();

        monitor.CurrentValue.Tolerance.Should().Be(TimeSpan.FromMinutes(1));
        seen.Should().Contain(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Secrets_that_a_test_assigns_win_over_the_configured_ones_and_handlers_can_be_replaced()
    {
        int handled = 0;
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Failing>();

                // What a test adds to the application's own.
                builder.Services.AddSingleton(new Counting(() => handled++));
                builder.Services.AddOpenAIWebhooks(options => options.Secrets = [TestApp.OtherSecret]).ClearHandlers()
                    .AddHandler<WebhookEvent, Counting>();
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        handled.Should().Be(1);
    }

    private static WebhookMessage Message()
        => new("wh_1", DateTimeOffset.UnixEpoch, System.Text.Encoding.UTF8.GetBytes(TestApp.Payload));

    private sealed class Failing : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
            => throw new InvalidOperationException("This is the handler to replace.");
    }

    private sealed class Counting(Action count) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            count();
            return Task.CompletedTask;
        }
    }

    private sealed class Nowhere : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
