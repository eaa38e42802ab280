using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class StartupTests
{
    [Fact]
    public async Task Start_WithoutASecret_FailsAndSaysWhatToSet()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder =>
            {
                builder.Configuration.Sources.Clear();
                builder.Services.AddOpenAIWebhooks();
            }))
            .Should().ThrowAsync<OptionsValidationException>()
            .WithMessage("*no webhook secret*OpenAI:Webhooks:Secrets:0*OPENAI_WEBHOOK_SECRET*");

    [Theory]
    [InlineData("", "*empty*OPENAI_WEBHOOK_SECRET*")]
    [InlineData("whsec_c2hvcnQ=", "*too short*OPENAI_WEBHOOK_SECRET*")]
    public async Task Start_WithABadSecret_FailsWithoutQuotingIt(string secret, string message)
        => (await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(options =>
            {
                options.Secrets.Clear();
                options.Secrets.Add(secret);
            })))
            .Should().ThrowAsync<OptionsValidationException>().WithMessage(message)).Which.Message.Should().NotContain("c2hvcnQ");

    [Fact]
    public async Task Start_WithABadToleranceOrLimit_Fails()
    {
        await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(options => options.Tolerance = TimeSpan.FromDays(-1))))
            .Should().ThrowAsync<OptionsValidationException>().WithMessage("*tolerance is negative*");
        await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 0)))
            .Should().ThrowAsync<OptionsValidationException>().WithMessage("*MaxBodyBytes*");
    }

    [Fact]
    public async Task Start_WithTheFallbackVariable_TakesIt()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration.Sources.Clear();
            builder.Configuration.AddInMemoryCollection([new("OPENAI_WEBHOOK_SECRET", TestApp.OtherSecret)]);
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Start_WithASecretAndTheFallbackVariable_TakesTheSecretOnly()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Configuration.AddInMemoryCollection([new("OPENAI_WEBHOOK_SECRET", TestApp.OtherSecret)]);
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeFalse();
    }

    [Fact]
    public async Task Start_WithASectionOfConfiguration_BindsAllOfIt()
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
                options.Secrets.Should().Equal(TestApp.Secret, TestApp.OtherSecret);
                options.Tolerance.Should().Be(TimeSpan.FromMinutes(10));
                options.MaxBodyBytes.Should().Be(2000);
            });
            builder.Services.AddOpenAIWebhooks();
        });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Map_WithoutAdd_SaysSo()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(_ => { }, app => app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask)))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("MapOpenAIWebhooks(\"/hook\")*AddOpenAIWebhooks()*");

    [Fact]
    public async Task Map_WithANameThatWasNotAdded_SaysSo()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(
                builder => builder.Services.AddOpenAIWebhooks(),
                app => app.MapOpenAIWebhooks("/hook", (_, _) => Task.CompletedTask, "other")))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddOpenAIWebhooks(\"other\")*");

    [Fact]
    public async Task Map_WithoutHandlers_SaysSo()
        => await FluentActions.Awaiting(() => TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(), app => app.MapOpenAIWebhooks("/hook")))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*nobody to hand deliveries to*AddHandler*");

    [Fact]
    public async Task Unwrap_WithoutAdd_SaysSo()
        => await FluentActions.Awaiting(() => new DefaultHttpContext { RequestServices = new ServiceCollection().BuildServiceProvider() }.Request.UnwrapOpenAIWebhookAsync())
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddOpenAIWebhooks()*");
}
