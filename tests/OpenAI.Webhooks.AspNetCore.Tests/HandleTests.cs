using System.Net;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>A request that no mapped endpoint receives gets all that one does.</summary>
public class HandleTests
{
    private const string Path = "/handled";

    [Fact]
    public async Task HandleOpenAIWebhookAsync_runs_the_handlers_and_returns_the_status()
    {
        await using var app = await StartAsync(services => services.AddOpenAIWebhooks()
            .AddHandler<ResponseCompletedWebhookEvent, CountingHandler>());

        (await app.SendAsync(TestApp.Sign(), Path)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(webhookId: CountingHandler.Failing), Path)).StatusCode
            .Should().Be(HttpStatusCode.InternalServerError);
        using var forged = await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), Path);
        using var unsigned = await app.SendAsync("{}"u8.ToArray(), [], Path);

        forged.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        unsigned.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        unsigned.Headers.GetValues("webhook-rejected").Should().Equal("missing_id");
        (await forged.Content.ReadAsStringAsync()).Should().BeEmpty("no status code page is shown");
        app.Services.GetRequiredService<CountingHandler.Counter>().Count.Should().Be(1);
    }

    [Fact]
    public async Task HandleOpenAIWebhookAsync_remembers_copies()
    {
        await using var app = await StartAsync(services => services.AddOpenAIWebhooks()
            .AddHandler<ResponseCompletedWebhookEvent, CountingHandler>().AddDeduplication());

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), Path);
        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), Path)).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Services.GetRequiredService<CountingHandler.Counter>().Count.Should().Be(1);
    }

    [Fact]
    public async Task HandleOpenAIWebhookAsync_stores_into_the_inbox_of_its_name()
    {
        var inbox = new Inbox();
        await using var app = await StartAsync(
            services =>
            {
                services.AddSingleton(inbox);
                services.AddOpenAIWebhooks();
                services.AddOpenAIWebhooks("stored", options => options.Secrets = [TestApp.Secret])
                    .AddInbox<Inbox>().ReceiveOnly();
            },
            name: "stored");

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), Path)).StatusCode.Should().Be(HttpStatusCode.OK);

        inbox.Stored.Should().ContainSingle().Which.Should().Match<WebhookMessage>(
            message => message.WebhookId == "wh_1" && message.Name == "stored");
    }

    [Fact]
    public async Task HandleOpenAIWebhookAsync_without_a_handler_says_what_to_add()
    {
        await using var app = await StartAsync(services => services.AddOpenAIWebhooks());

        (await app.SendAsync(TestApp.Sign(), Path)).StatusCode.Should().Be(HttpStatusCode.InternalServerError);

        app.Log.Should().Contain(entry => $"{entry.Exception}".Contains("HandleOpenAIWebhookAsync(): the endpoint has "
            + "no handler. Add one with AddOpenAIWebhooks().AddHandler<TEvent, THandler>()", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_delegate_gets_one_or_two_services_of_the_scope_of_the_delivery()
    {
        var received = new List<object>();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>().AddSingleton<CountingHandler.Counter>().AddOpenAIWebhooks();
            },
            app =>
            {
                app.MapOpenAIWebhooks("/one", async (WebhookDelivery _, Scoped scoped, CancellationToken _) =>
                {
                    await Task.Yield();
                    received.Add(scoped);
                });
                app.MapOpenAIWebhooks(
                    "/two",
                    (WebhookDelivery _, Scoped scoped, CountingHandler.Counter counter, CancellationToken _) =>
                    {
                        received.Add(scoped);
                        received.Add(counter);
                        return Task.CompletedTask;
                    });
            });

        await app.SendAsync(TestApp.Sign(), "/one");
        await app.SendAsync(TestApp.Sign(), "/two");

        received.Should().HaveCount(3).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_delegate_that_takes_what_is_not_registered_is_not_mapped()
    {
        var starting = async () => await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app => app.MapOpenAIWebhooks(
                "/one", (WebhookDelivery _, Scoped _, CancellationToken _) => Task.CompletedTask));

        (await starting.Should().ThrowAsync<InvalidOperationException>()).WithMessage(
            "MapOpenAIWebhooks(\"/one\"): the delegate takes a Scoped, which is not registered as a service. *");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_permanent_failure_is_found_in_what_wraps_it(bool isAggregate)
    {
        var permanent = new PermanentWebhookFailureException("gone");
        Exception wrapped = isAggregate
            ? new AggregateException(new TimeoutException(), new AggregateException(permanent))
            : new System.Reflection.TargetInvocationException(permanent);
        await using var app = await TestApp.StartAsync(handler: (_, _) => throw wrapped);

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        WebhookAttemptResult.After(1, 0, wrapped, [TimeSpan.FromSeconds(1)]).IsDeadLetter.Should().BeTrue();
        WebhookAttemptResult.After(1, 0, new AggregateException(new TimeoutException()), [TimeSpan.FromSeconds(1)])
            .IsDeadLetter.Should().BeFalse();
    }

    [Fact]
    public async Task A_log_provider_that_throws_changes_no_response()
    {
        var provider = new ThrowingProvider();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(provider);
                builder.Services.AddOpenAIWebhooks();
            },
            app => app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask));
        provider.IsBroken = true;

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);
    }

    private static Task<TestApp> StartAsync(Action<IServiceCollection> register, string? name = null)
        => TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<CountingHandler.Counter>().AddSingleton(
                    new HandlingController.Name(name));
                register(builder.Services);
                builder.Services.AddControllers().AddApplicationPart(typeof(HandlingController).Assembly);
            },
            app =>
            {
                app.UseStatusCodePages();
                app.MapControllers();
            });

    private sealed class Scoped;

    private sealed class Inbox : IWebhookInbox
    {
        public List<WebhookMessage> Stored { get; } = [];

        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            Stored.Add(message);
            return Task.CompletedTask;
        }
    }

    private sealed class CountingHandler(CountingHandler.Counter counter)
        : IWebhookHandler<ResponseCompletedWebhookEvent>
    {
        public const string Failing = "wh_failing";

        public Task HandleAsync(
            ResponseCompletedWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            if (delivery.WebhookId == Failing)
            {
                throw new TimeoutException();
            }

            counter.Count++;
            return Task.CompletedTask;
        }

        internal sealed class Counter
        {
            public int Count { get; set; }
        }
    }

    private sealed class ThrowingProvider : ILoggerProvider, ILogger
    {
        public bool IsBroken { get; set; }

        public ILogger CreateLogger(string categoryName)
            => categoryName.StartsWith("OpenAI.Webhooks", StringComparison.Ordinal)
                ? this
                : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => IsBroken ? throw new IOException("on purpose") : null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsBroken)
            {
                throw new IOException("on purpose");
            }
        }

        public void Dispose()
        {
        }
    }
}

public class HandlingController : ControllerBase
{
    [HttpPost("/handled")]
    public async Task<IActionResult> Receive()
        => StatusCode(await Request.HandleOpenAIWebhookAsync(
            HttpContext.RequestServices.GetRequiredService<Name>().Value));

    internal sealed record Name(string? Value);
}
