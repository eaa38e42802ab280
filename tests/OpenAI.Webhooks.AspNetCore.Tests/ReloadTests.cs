using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>A configuration that changes under a running application.</summary>
public class ReloadTests
{
    [Theory]
    [InlineData("Secrets:0", "whsec_broken!", "not canonical base64")]
    [InlineData("Tolerance", "5 minutes", "Tolerance is not a duration")]
    [InlineData("Tolerance", "300", "A single number is read as days")]
    [InlineData("MaxBodyBytes", "lots", "MaxBodyBytes is not a number")]
    public async Task A_change_that_cannot_be_used_leaves_the_last_in_force_and_is_logged_once(
        string key, string value, string problem)
    {
        await using var app = await TestApp.StartAsync();

        app.Configuration[$"OpenAI:Webhooks:{key}"] = value;
        FluentActions.Invoking(app.Configuration.Reload).Should().NotThrow();
        FluentActions.Invoking(app.Configuration.Reload).Should().NotThrow();

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which
            .Should().Match<TestApp.LogEntry>(entry =>
            entry.Level == LogLevel.Error && entry.Message.Contains(problem) && !entry.Message.Contains("broken"));
    }

    [Fact]
    public async Task A_change_that_the_applications_own_validation_refuses_throws_into_nobody()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddOptions<OpenAIWebhooksOptions>()
                .Validate(options => options.Tolerance < TimeSpan.FromMinutes(10), "too tolerant for us");
        });

        app.Configuration["OpenAI:Webhooks:Tolerance"] = "00:20:00";
        FluentActions.Invoking(app.Configuration.Reload).Should().NotThrow();

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Message
            .Should().Contain("too tolerant for us");
    }

    [Fact]
    public async Task A_good_change_after_a_bad_one_is_in_force_and_the_next_bad_one_logged_again()
    {
        await using var app = await TestApp.StartAsync();

        foreach (string? secret in new[] { "whsec_broken!", TestApp.OtherSecret, "whsec_broken!" })
        {
            app.Configuration["OpenAI:Webhooks:Secrets:0"] = secret;
            app.Configuration.Reload();
        }

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
        app.Log.Count(entry => entry.Level == LogLevel.Error).Should().Be(2);
    }

    [Fact]
    public async Task A_change_of_a_named_registration_is_in_force_as_well()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Configuration["OpenAI:Webhooks:staging:Secrets:0"] = TestApp.Secret;
                builder.Services.AddOpenAIWebhooks("staging");
            },
            app => app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask, "staging"));
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Configuration["OpenAI:Webhooks:staging:Secrets:0"] = TestApp.OtherSecret;
        app.Configuration.Reload();

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task After_the_application_has_ended_no_change_is_taken_up()
    {
        int made = 0;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("OpenAI:Webhooks:Secrets:0", TestApp.Secret)]).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services.AddOpenAIWebhooks(_ => made++);
        await using (var provider = services.BuildServiceProvider())
        {
            var request = new DefaultHttpContext { RequestServices = provider }.Request;
            await FluentActions.Awaiting(() => request.UnwrapOpenAIWebhookAsync())
                .Should().ThrowAsync<InvalidWebhookSignatureException>();
            configuration.Reload();
            made.Should().Be(2);
        }

        configuration.Reload();

        made.Should().Be(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("named")]
    public async Task Options_that_change_outside_the_configuration_are_taken_up(string? name)
    {
        using var source = new Source(name);
        string secret = TestApp.Secret;
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Configuration["OpenAI:Webhooks:Secrets:0"] = null;
                builder.Services.AddOpenAIWebhooks(name ?? "", options => options.Secrets.Add(secret));
                builder.Services.AddSingleton<IOptionsChangeTokenSource<OpenAIWebhooksOptions>>(source);
            },
            app => app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask, name));

        secret = TestApp.OtherSecret;
        source.Change();

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private sealed class Source(string? name) : IOptionsChangeTokenSource<OpenAIWebhooksOptions>, IDisposable
    {
        private CancellationTokenSource _token = new();

        public string? Name => name;

        public IChangeToken GetChangeToken() => new CancellationChangeToken(_token.Token);

        public void Change() => Interlocked.Exchange(ref _token, new()).Cancel();

        public void Dispose() => _token.Dispose();
    }
}
