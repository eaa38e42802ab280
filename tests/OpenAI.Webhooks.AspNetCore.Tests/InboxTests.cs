using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Deliveries that are stored, and handled afterwards.</summary>
public class InboxTests
{
    [Fact]
    public async Task A_delivery_is_stored_under_its_id_and_answered_and_not_handled()
    {
        using var metrics = new Metrics();
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox, metrics);
        var signed = TestApp.Sign(webhookId: "wh_1");

        (await app.SendAsync(signed)).StatusCode.Should().Be(HttpStatusCode.OK);

        var stored = inbox.Stored.Should().ContainSingle().Subject;
        stored.WebhookId.Should().Be("wh_1");
        stored.Timestamp.ToUnixTimeSeconds().Should().Be(long.Parse(signed.Headers.Timestamp!, System.Globalization.CultureInfo.InvariantCulture));
        stored.GetPayload().ToArray().Should().Equal(signed.Payload.ToArray());
        inbox.Handled.Should().BeEmpty();
        app.Log.Should().ContainSingle().Which.Should().Match<TestApp.LogEntry>(entry => entry.Level == LogLevel.Debug && entry.Message == "Stored the webhook wh_1.");
        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.event.type=response.completed openai.webhook.outcome=stored");
    }

    [Fact]
    public async Task An_authentic_payload_that_is_no_event_is_stored_as_well()
    {
        using var metrics = new Metrics();
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox, metrics);

        (await app.SendAsync(TestApp.Sign("{}", webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);

        inbox.Stored.Should().ContainSingle().Which.WebhookId.Should().Be("wh_1");
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Message.Should().Contain("wh_1");
        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=stored");
    }

    [Fact]
    public async Task A_sender_that_leaves_does_not_keep_its_delivery_from_being_stored()
    {
        var inbox = new Inbox { Slow = new TaskCompletionSource() };
        await using var app = await StartAsync(inbox);

        await app.SendAndLeaveAsync(TestApp.Sign(), inbox.Entered.Task);

        // Until the server has noticed.
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        inbox.Slow.SetResult();

        await TestApp.Eventually(() => !inbox.Stored.IsEmpty);
    }

    [Theory]
    [InlineData(TestApp.Payload)]
    [InlineData("{}")]
    public async Task A_store_that_hangs_is_given_up_when_the_hosts_deadline_passes(string payload)
    {
        var inbox = new Inbox { Slow = new TaskCompletionSource() };
        await using var app = await StartAsync(inbox, configure: services => services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));
        await app.SendAndLeaveAsync(TestApp.Sign(payload, webhookId: "wh_1"), inbox.Entered.Task);

        await app.StopAsync();

        await TestApp.Eventually(() => app.Log.Any(entry => entry.Exception is OperationCanceledException));
        app.Log.Single(entry => entry.Exception is OperationCanceledException).Message.Should().Contain("wh_1 could not be stored");
    }

    [Fact]
    public async Task An_inbox_needs_no_handlers_where_it_only_receives()
    {
        var inbox = new Inbox();
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddInbox(_ => inbox).ReceiveOnly(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        inbox.Stored.Should().ContainSingle();
    }

    [Fact]
    public async Task A_forgery_is_not_stored()
    {
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox);

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.BadRequest);

        inbox.Stored.Should().BeEmpty();
    }

    [Theory]
    [InlineData(TestApp.Payload)]
    [InlineData("{}")]
    public async Task A_store_that_is_down_is_answered_503(string payload)
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync(new Inbox { Problem = new TimeoutException("the database is away") }, metrics);

        (await app.SendAsync(TestApp.Sign(payload, webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

        app.Log.Should().ContainSingle(entry => entry.Exception is TimeoutException && entry.Level == LogLevel.Error).Which.Message.Should().Contain("wh_1 could not be stored");
        metrics.Of("openai.webhook.deliveries").Single().Should().Contain("openai.webhook.outcome=failed");
    }

    [Theory]
    [InlineData(TestApp.Payload)]
    [InlineData("{}")]
    public async Task A_store_that_hangs_is_given_up_when_the_applications_own_timeout_passes(string payload)
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>().AddInbox<Hanging>();
                builder.Services.AddRequestTimeouts();
            },
            app =>
            {
                app.UseRequestTimeouts();
                app.MapOpenAIWebhooks(TestApp.Path).WithRequestTimeout(TimeSpan.FromMilliseconds(200));
            });

        (await app.SendAsync(TestApp.Sign(payload))).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

        app.Log.Should().ContainSingle(entry => entry.Exception is OperationCanceledException);
    }

    [Fact]
    public async Task A_store_that_hangs_and_heeds_no_token_is_given_up_after_eight_seconds()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>().AddInbox<Deaf>(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

        app.Log.Should().ContainSingle(entry => entry.Exception is TimeoutException || entry.Exception is OperationCanceledException).Which.Message.Should().Contain("wh_1 could not be stored");
    }

    [Fact]
    public async Task What_was_stored_is_made_again_and_dispatched()
    {
        using var metrics = new Metrics();
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox, metrics);
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        var stored = inbox.Stored.Single();

        await app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(stored);

        inbox.Handled.Should().ContainSingle().Which.Should().Match<WebhookDelivery>(delivery =>
            delivery.Event == WebhookEvent.Parse(TestApp.Payload) && delivery.WebhookId == "wh_1" && delivery.Timestamp == stored.Timestamp);
        metrics.Of("openai.webhook.deliveries").Should().HaveCount(2)
            .And.HaveElementAt(1, "1 openai.webhook.event.type=response.completed openai.webhook.outcome=handled");
        metrics.Of("openai.webhook.handler.duration").Should().ContainSingle();
    }

    [Fact]
    public async Task DispatchAsync_without_a_host_runs_the_handlers()
    {
        var inbox = new Inbox();
        var services = new ServiceCollection().AddSingleton(inbox);
        services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload)));

        inbox.Handled.Should().ContainSingle();
    }

    [Fact]
    public async Task DispatchAsync_handler_throws_throws_it_and_logs_it()
    {
        var problem = new InvalidOperationException("on purpose");
        await using var app = await StartAsync(new Inbox { HandlerProblem = problem });
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        (await FluentActions.Awaiting(() => app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(message))
            .Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(problem);

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Exception.Should().BeSameAs(problem);
    }

    [Fact]
    public async Task DispatchAsync_cancelled_cancels_the_handlers()
    {
        var inbox = new Inbox { Waits = true };
        await using var app = await StartAsync(inbox);
        using var source = new CancellationTokenSource();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        var dispatching = app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(message, source.Token);
        await source.CancelAsync();

        await FluentActions.Awaiting(() => dispatching).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task DispatchAsync_when_the_hosts_deadline_passes_cancels_the_handlers()
    {
        var inbox = new Inbox { Waits = true };
        await using var app = await StartAsync(inbox, configure: services => services.AddHostedService<Busy>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        var dispatching = app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(message);
        await FluentActions.Awaiting(() => app.StopAsync()).Should().ThrowAsync<OperationCanceledException>();

        await FluentActions.Awaiting(() => dispatching.WaitAsync(TimeSpan.FromSeconds(30))).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task DispatchAsync_null_or_a_name_that_was_not_added_is_refused()
    {
        await using var app = await StartAsync(new Inbox());
        var dispatcher = app.Services.GetRequiredService<WebhookDispatcher>();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        await FluentActions.Awaiting(() => dispatcher.DispatchAsync(null!)).Should().ThrowAsync<ArgumentNullException>();
        await FluentActions.Awaiting(() => dispatcher.DispatchAsync(new WebhookMessage("wh_1", default, default) { Name = "other" })).Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddOpenAIWebhooks(\"other\")*");
    }

    [Fact]
    public async Task DispatchAsync_has_a_scope_of_its_own_and_ends_it()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Scoped>();
        services.AddSingleton<List<string>>();
        await using var provider = services.BuildServiceProvider();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        await provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(message);

        provider.GetRequiredService<List<string>>().Should().Equal("handled", "disposed");
    }

    [Fact]
    public async Task DispatchAsync_without_handlers_is_refused_rather_than_lost()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks("staging");
        await using var provider = services.BuildServiceProvider();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload)) { Name = "staging" };

        await FluentActions.Awaiting(() => provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(message))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("DispatchAsync has no handler. Add one with AddOpenAIWebhooks(\"staging\").AddHandler<TEvent, THandler>().");
    }

    [Fact]
    public async Task DispatchAsync_without_a_handler_of_the_event_is_refused_rather_than_lost()
    {
        var services = new ServiceCollection();
        services.AddLogging().AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, Nothing>();
        await using var provider = services.BuildServiceProvider();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

        await FluentActions.Awaiting(() => provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(message))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("No handler in this process takes response.completed. Add one with AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, THandler>(), or unsubscribe the endpoint at OpenAI from this type.");
    }

    [Fact]
    public void Delivery_made_again_of_what_is_no_event_keeps_its_identity()
        => FluentActions.Invoking(() => new WebhookDelivery("wh_1", DateTimeOffset.UnixEpoch, "{}"u8.ToArray()))
            .Should().Throw<UnreadableWebhookException>().Which.WebhookId.Should().Be("wh_1");

    private static Task<TestApp> StartAsync(Inbox inbox, Metrics? metrics = null, Action<IServiceCollection>? configure = null) => TestApp.StartAsync(
        builder =>
        {
            configure?.Invoke(builder.Services);
            builder.Services.AddSingleton(inbox);
            builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>().AddInbox<Inbox>();
            if (metrics is not null)
            {
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            }
        },
        app => app.MapOpenAIWebhooks(TestApp.Path));

    /// <summary>Something that has work to do when the host stops, for longer than the host has patience.</summary>
    private sealed class Busy : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private sealed class Scoped(List<string> seen) : IWebhookHandler<WebhookEvent>, IDisposable
    {
        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            seen.Add("handled");
            return Task.CompletedTask;
        }

        public void Dispose() => seen.Add("disposed");
    }

    private sealed class Hanging : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
            => Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private sealed class Deaf : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, CancellationToken.None);
    }

    internal sealed class Inbox : IWebhookInbox, IWebhookHandler<WebhookEvent>
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource? Slow { get; init; }

        public ConcurrentQueue<WebhookMessage> Stored { get; } = new();

        public ConcurrentQueue<WebhookDelivery> Handled { get; } = new();

        public bool Waits { get; init; }

        public Exception? Problem { get; init; }

        public Exception? HandlerProblem { get; init; }

        public async Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            if (Problem is not null)
            {
                throw Problem;
            }

            Entered.SetResult();
            await (Slow?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
            Stored.Enqueue(message);
        }

        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            Handled.Enqueue(delivery);
            return Waits ? Task.Delay(Timeout.Infinite, cancellationToken)
                : HandlerProblem is null ? Task.CompletedTask
                : Task.FromException(HandlerProblem);
        }
    }
}
