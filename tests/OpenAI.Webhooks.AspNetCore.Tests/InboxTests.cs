using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Deliveries that are stored, and handled afterwards.</summary>
public class InboxTests
{
    private static readonly WebhookMessage Message =
        new("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload));

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
        stored.Timestamp.ToUnixTimeSeconds()
            .Should().Be(long.Parse(signed.Headers.Timestamp!, System.Globalization.CultureInfo.InvariantCulture));
        stored.GetPayload().ToArray().Should().Equal(signed.GetPayload().ToArray());
        inbox.Handled.Should().BeEmpty();
        app.Log.Should().ContainSingle().Which
            .Should().Match<TestApp.LogEntry>(
                entry => entry.Level == LogLevel.Debug && entry.Message == "Stored the webhook wh_1.");
        metrics.Of("openai.webhook.deliveries")
            .Should().Equal("1 openai.webhook.event.type=response.completed openai.webhook.outcome=stored");
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
        await using var app = await StartAsync(
            inbox,
            configure: services => services.Configure<HostOptions>(
                host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));
        await app.SendAndLeaveAsync(TestApp.Sign(payload, webhookId: "wh_1"), inbox.Entered.Task);

        await app.StopAsync();

        await TestApp.Eventually(() => app.Log.Any(entry => entry.Exception is OperationCanceledException));
        app.Log.Single(entry => entry.Exception is OperationCanceledException).Message
            .Should().Contain("wh_1 could not be stored");
    }

    [Fact]
    public async Task A_dispatched_handler_that_the_hosts_deadline_cancels_can_clean_up()
    {
        var handler = new CleaningUp();
        await using var app = await StartDispatchingAsync(handler);
        await handler.Entered.Task;

        await app.StopAsync();

        handler.IsClean.Should().BeTrue();
        app.Log.Should().NotContain(entry => entry.Message.Contains("ignores its cancellation token"));
    }

    [Fact]
    public async Task A_handler_that_outlasts_the_hosts_deadline_is_named_in_the_log()
    {
        var handler = new Endless();
        await using var app = await StartDispatchingAsync(handler);
        await handler.Entered.Task;

        await app.StopAsync();

        app.Log.Should().ContainSingle(entry => entry.Message.StartsWith("The handler of the webhook wh_1 "
            + "(response.completed) ignores its cancellation token"))
            .Which.Level.Should().Be(LogLevel.Warning);
        handler.End.SetResult();
    }

    [Fact]
    public async Task A_handler_that_is_dispatched_after_a_graceful_stop_is_not_cancelled()
    {
        var handler = new CleaningUp();
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddSingleton(handler).AddOpenAIWebhooks()
                .AddHandler<WebhookEvent, CleaningUp>(),
            app => app.MapOpenAIWebhooks(TestApp.Path));
        await app.StopAsync();
        using var source = new CancellationTokenSource();

        var dispatching = app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message, source.Token);

        (await handler.Entered.Task).IsCancellationRequested.Should().BeFalse();
        await source.CancelAsync();
        await dispatching.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
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
    public async Task The_path_is_part_of_the_key_only_if_a_registration_receives_at_several()
    {
        var (one, several) = (new Inbox(), new Inbox());
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddInbox(_ => one).ReceiveOnly();
                builder.Services.AddOpenAIWebhooks("several", options => options.Secrets = [TestApp.Secret])
                    .AddInbox(_ => several).ReceiveOnly();
                builder.Services.AddOpenAIWebhooks("tenants", options => options.Secrets = [TestApp.Secret])
                    .AddInbox(_ => several).ReceiveOnly();
            },
            app =>
            {
                app.MapOpenAIWebhooks("/one");
                app.MapOpenAIWebhooks("/a", name: "several");
                app.MapOpenAIWebhooks("/b", name: "several");
                app.MapOpenAIWebhooks("/of/{tenant}", name: "tenants");
            });

        foreach (string path in (string[])["/one", "/a", "/b", "/of/1", "/of/2"])
        {
            (await app.SendAsync(TestApp.Sign(webhookId: "wh_1"), path)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        one.Stored.Single().Key.Should().Be("wh_1");
        several.Stored.Select(message => message.Key).Should().HaveCount(4).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(TestApp.Payload, "response.completed")]
    [InlineData("{}", "unreadable")]
    public async Task What_is_logged_while_a_delivery_is_stored_has_its_id_and_type_in_scope(
        string payload, string type)
    {
        await using var app = await StartAsync(new Inbox());

        await app.SendAsync(TestApp.Sign(payload, webhookId: "wh_1"));

        app.Log.Single(entry => entry.Message == "Stored the webhook wh_1.").Scope
            .Should().Contain("WebhookId", "wh_1").And.Contain("EventType", type);
    }

    [Fact]
    public async Task A_store_that_is_down_marks_its_activity_as_failed()
    {
        using var activities = new Activities();
        string id = "wh_" + Guid.NewGuid();
        await using var app = await StartAsync(new Inbox { Problem = new TimeoutException("the database is away") });

        await app.SendAsync(TestApp.Sign(webhookId: id));

        var activity = activities.Stopped.Single(activity => (string?)activity.GetTagItem("openai.webhook.id") == id);
        (activity.OperationName, activity.Status, activity.GetTagItem("error.type"))
            .Should().Be(
                ("openai.webhook.store", System.Diagnostics.ActivityStatusCode.Error, "System.TimeoutException"));
    }

    [Fact]
    public async Task A_forgery_is_not_stored()
    {
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox);

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);

        inbox.Stored.Should().BeEmpty();
    }

    [Theory]
    [InlineData(TestApp.Payload)]
    [InlineData("{}")]
    public async Task A_store_that_is_down_is_answered_503(string payload)
    {
        using var metrics = new Metrics();
        await using var app =
            await StartAsync(new Inbox { Problem = new TimeoutException("the database is away") }, metrics);

        (await app.SendAsync(TestApp.Sign(payload, webhookId: "wh_1"))).StatusCode
            .Should().Be(HttpStatusCode.ServiceUnavailable);

        app.Log.Should().ContainSingle(
            entry => entry.Exception is TimeoutException && entry.Level == LogLevel.Error).Which.Message
            .Should().Be("The webhook wh_1 could not be stored: Inbox failed, or took longer than 8 seconds. The "
                + "response is 503, so OpenAI will retry.");
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
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var deaf = new Deaf();
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddSingleton<TimeProvider>(clock)
                .AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>().AddInbox(_ => deaf),
            app => app.MapOpenAIWebhooks(TestApp.Path));
        var sending = app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await deaf.Asked;

        clock.Advance(TimeSpan.FromSeconds(7.9));
        sending.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.2));

        (await sending).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        app.Log.Should().ContainSingle(entry => entry.Exception is OperationCanceledException).Which.Message
            .Should().Contain("wh_1 could not be stored");
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
            delivery.Event == WebhookEvent.Parse(TestApp.Payload)
                && delivery.WebhookId == "wh_1"
                && delivery.Timestamp == stored.Timestamp);
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

        await provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message);

        inbox.Handled.Should().ContainSingle();
    }

    [Fact]
    public async Task DispatchAsync_handler_throws_throws_it_and_logs_it()
    {
        var problem = new InvalidOperationException("on purpose");
        await using var app = await StartAsync(new Inbox { HandlerProblem = problem });

        (await FluentActions.Awaiting(() => app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message))
            .Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(problem);

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Exception
            .Should().BeSameAs(problem);
    }

    [Fact]
    public async Task DispatchAsync_cancelled_cancels_the_handlers()
    {
        var inbox = new Inbox { Waits = true };
        await using var app = await StartAsync(inbox);
        using var source = new CancellationTokenSource();

        var dispatching = app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message, source.Token);
        await source.CancelAsync();

        await FluentActions.Awaiting(() => dispatching).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task DispatchAsync_when_the_hosts_deadline_passes_cancels_the_handlers()
    {
        var inbox = new Inbox { Waits = true };
        await using var app = await StartAsync(inbox, configure: services => services.AddHostedService<Busy>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));

        var dispatching = app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message);
        await FluentActions.Awaiting(() => app.StopAsync()).Should().ThrowAsync<OperationCanceledException>();

        await FluentActions.Awaiting(() => dispatching.WaitAsync(TimeSpan.FromSeconds(30)))
            .Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task DispatchAsync_null_or_a_name_that_was_not_added_is_refused()
    {
        await using var app = await StartAsync(new Inbox());
        var dispatcher = app.Services.GetRequiredService<WebhookDispatcher>();

        await FluentActions.Awaiting(() => dispatcher.DispatchAsync(null!))
            .Should().ThrowAsync<ArgumentNullException>();
        await FluentActions.Awaiting(
            () => dispatcher.DispatchAsync(new WebhookMessage("wh_1", default, default) { Name = "other" }))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddOpenAIWebhooks(\"other\")*");
    }

    [Fact]
    public async Task DispatchAsync_has_a_scope_of_its_own_and_ends_it()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Scoped>();
        services.AddSingleton<List<string>>();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message);

        provider.GetRequiredService<List<string>>().Should().Equal("handled", "disposed");
    }

    [Fact]
    public async Task DispatchAsync_without_handlers_is_refused_rather_than_lost()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks("staging");
        await using var provider = services.BuildServiceProvider();
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload))
        {
            Name = "staging",
        };

        await FluentActions.Awaiting(() => provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(message))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("DispatchAsync cannot run because no handler is registered. Add one with "
                + "AddOpenAIWebhooks(\"staging\").AddHandler<TEvent, THandler>().");
    }

    [Fact]
    public async Task DispatchAsync_without_a_handler_of_the_event_is_refused_rather_than_lost()
    {
        var services = new ServiceCollection();
        services.AddLogging().AddOpenAIWebhooks().AddHandler<BatchWebhookEvent, Nothing>();
        await using var provider = services.BuildServiceProvider();

        await FluentActions.Awaiting(() => provider.GetRequiredService<WebhookDispatcher>().DispatchAsync(Message))
            .Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("This process has no handler for response.completed. Add one with "
                + "AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, THandler>(), or unsubscribe the "
                + "endpoint from this type at OpenAI.");
    }

    public static TheoryData<Exception?, int, int, bool, int?> Attempts => new()
    {
        // What was thrown, the attempt, the interruptions; whether it is dead, and the seconds until the next attempt.
        { null, 1, 0, false, null },
        { null, 3, 2, false, null },
        { new InvalidOperationException(), 0, 2, false, 0 },
        { new InvalidOperationException(), 0, 3, true, null },
        { new InvalidOperationException(), 1, 0, false, 1 },
        { new InvalidOperationException(), 2, 0, false, 60 },
        { new InvalidOperationException(), 2, 2, false, 60 },
        { new InvalidOperationException(), 2, 3, true, null },
        { new InvalidOperationException(), 3, 0, true, null },
        { new InvalidOperationException(), int.MaxValue, int.MaxValue, true, null },
        { new OperationCanceledException(), 2, 0, false, 60 },
        { new PermanentWebhookFailureException(), 1, 0, true, null },
        { new UnreadableWebhookException(new(), "wh_1", default, default), 1, 0, true, null },
    };

    [Theory, MemberData(nameof(Attempts))]
    public void After_an_attempt_the_message_is_handled_retried_or_dead(
        Exception? exception, int attempt, int interruptions, bool isDeadLetter, int? retrySeconds)
    {
        var result = WebhookAttemptResult.After(attempt, interruptions, exception, Delays);

        (result.IsHandled, result.IsDeadLetter, result.RetryDelay?.TotalSeconds)
            .Should().Be((exception is null, isDeadLetter, retrySeconds));
        result.Exception.Should().BeSameAs(exception);
    }

    [Fact]
    public void After_refuses_what_makes_no_sense()
    {
        FluentActions.Invoking(() => WebhookAttemptResult.After(1, 0, null, null!))
            .Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => WebhookAttemptResult.After(-1, 0, null, []))
            .Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => WebhookAttemptResult.After(1, -1, null, []))
            .Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(1, "It was attempt 1 of 3; the next is in 00:00:01.")]
    [InlineData(3, "It was attempt 3 of 3; there is no other.")]
    public async Task AttemptAsync_of_a_handler_that_fails_says_when_the_next_is_and_reports_a_dead_letter_once(
        int attempt, string next)
    {
        using var metrics = new Metrics();
        await using var app =
            await StartAsync(new Inbox { HandlerProblem = new InvalidOperationException("on purpose") }, metrics);

        var result = await AttemptAsync(app, TestApp.Payload, attempt);

        result.IsDeadLetter.Should().Be(attempt == 3);
        result.Exception.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Be("on purpose");
        app.Log.Single(entry => entry.Exception is not null).Message
            .Should().Be($"A handler failed for the webhook wh_1 (response.completed). {next}");
        app.Log.Count(entry => entry.Message.StartsWith("The webhook wh_1 (response.completed) is a "
            + "dead letter", StringComparison.Ordinal))
            .Should().Be(result.IsDeadLetter ? 1 : 0);
        metrics.Of("openai.webhook.deliveries").Count(
            measurement => measurement.EndsWith("=dead", StringComparison.Ordinal))
            .Should().Be(result.IsDeadLetter ? 1 : 0);
    }

    [Fact]
    public async Task AttemptAsync_after_the_last_attempt_runs_no_handler_and_says_why()
    {
        var inbox = new Inbox();
        await using var app = await StartAsync(inbox);

        (await AttemptAsync(app, TestApp.Payload, attempt: 4)).IsDeadLetter.Should().BeTrue();

        inbox.Handled.Should().BeEmpty();
        app.Log.Select(entry => entry.Message)
            .Should().ContainMatch(
                "The webhook wh_1 was taken from the queue 3 times, but was not handled.*the process ended*")
            .And.ContainMatch("The webhook wh_1 (*) is a dead letter (failed attempts: 3)*");
    }

    [Fact]
    public async Task AttemptAsync_of_a_payload_that_is_no_event_is_a_dead_letter()
    {
        await using var app = await StartAsync(new Inbox());

        (await AttemptAsync(app, "{}", attempt: 1)).IsDeadLetter.Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("no message")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"webhook_id":"wh_1","timestamp":1e99,"payload":""}""")]
    [InlineData("""{"webhook_id":"wh_1","timestamp":1,"payload":"a private word!"}""")]
    public async Task AttemptAsync_of_a_text_that_is_no_message_is_a_dead_letter_and_says_so(string text)
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync(new Inbox(), metrics);

        (await app.Services.GetRequiredService<WebhookDispatcher>().AttemptAsync(text, 1, [])).IsDeadLetter
            .Should().BeTrue();

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Message
            .Should().StartWith("The queue contains a text that is not a webhook message").And.NotContain("private");
        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=dead");
    }

    [Fact]
    public async Task AttemptAsync_without_a_handler_is_retried_and_says_what_is_missing()
    {
        await using var app = await StartAsync(new Inbox());
        var message = new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload))
        {
            Name = "other",
        };

        (await app.Services.GetRequiredService<WebhookDispatcher>().AttemptAsync(
            message.ToJson(), 1, [TimeSpan.FromSeconds(1)])).RetryDelay
            .Should().Be(TimeSpan.FromSeconds(1));

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Error).Which.Message
            .Should().Match("This process cannot handle the webhook wh_1. The delivery will be retried. "
                + "*AddOpenAIWebhooks(\"other\")*");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AttemptAsync_that_is_cancelled_leaves_the_message_in_the_queue(bool byTheHost)
    {
        var inbox = new Inbox { Waits = true };
        await using var app = await StartAsync(inbox, configure: services => services.AddHostedService<Busy>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));
        using var source = new CancellationTokenSource();

        var attempting = AttemptAsync(app, TestApp.Payload, attempt: 3, source.Token);
        await (
            byTheHost
                ? FluentActions.Awaiting(() => app.StopAsync()).Should().ThrowAsync<OperationCanceledException>()
                : source.CancelAsync());

        await FluentActions.Awaiting(() => attempting.WaitAsync(TimeSpan.FromSeconds(30)))
            .Should().ThrowAsync<OperationCanceledException>();
        app.Log.Should().NotContain(entry => entry.Message.Contains("dead letter", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AttemptAsync_refuses_what_makes_no_sense()
    {
        await using var app = await StartAsync(new Inbox());
        var dispatcher = app.Services.GetRequiredService<WebhookDispatcher>();

        await FluentActions.Awaiting(() => dispatcher.AttemptAsync(null!, 1, []))
            .Should().ThrowAsync<ArgumentNullException>();
        await FluentActions.Awaiting(() => dispatcher.AttemptAsync("{}", 1, null!))
            .Should().ThrowAsync<ArgumentNullException>();
        await FluentActions.Awaiting(() => dispatcher.AttemptAsync("{}", 0, []))
            .Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task A_process_that_only_receives_says_so_although_it_has_handlers()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddSingleton(new Inbox()).AddOpenAIWebhooks().AddHandler<WebhookEvent, Inbox>()
                .AddInbox<Inbox>().ReceiveOnly(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        app.StartLog.Should().Equal($"Information: POST {TestApp.Path} receives OpenAI webhooks: stored in the inbox, "
            + "for another process to handle.");
    }

    [Fact]
    public async Task A_dispatched_delivery_continues_the_trace_of_another_process()
    {
        using var activities = new Activities();
        string id = "wh_" + Guid.NewGuid();
        await using var app = await StartAsync(new Inbox());

        await app.Services.GetRequiredService<WebhookDispatcher>().DispatchAsync(
            new WebhookMessage(id, DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(TestApp.Payload))
            {
                TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            });

        var activity = activities.Stopped.Single(activity => (string?)activity.GetTagItem("openai.webhook.id") == id);
        (activity.TraceId.ToString(), activity.HasRemoteParent).Should().Be(("0af7651916cd43dd8448eb211c80319c", true));
    }

    [Fact]
    public async Task CanDispatch_needs_a_handler_and_a_process_that_does_not_only_receive()
    {
        var services = new ServiceCollection();
        services.AddOpenAIWebhooks();
        services.AddOpenAIWebhooks("works").AddHandler<WebhookEvent, Nothing>();
        services.AddOpenAIWebhooks("receives").AddHandler<WebhookEvent, Nothing>().AddInbox<Inbox>().ReceiveOnly();
        await using var provider = services.BuildServiceProvider();
        var dispatcher = provider.GetRequiredService<WebhookDispatcher>();

        dispatcher.CanDispatch().Should().BeTrue("one of them can");
        dispatcher.CanDispatch("works").Should().BeTrue();
        new[] { "", "receives", "never added" }.Should().OnlyContain(name => !dispatcher.CanDispatch(name));
    }

    [Theory]
    [InlineData("batch.failed", "batch.failed", " openai.webhook.event.type=batch.failed")]
    [InlineData("made.up", "made.up", " openai.webhook.event.type=_OTHER")]
    [InlineData(null, "unreadable", "")]
    public async Task ReportDeadLetter_logs_and_counts(string? type, string logged, string tag)
    {
        using var metrics = new Metrics();
        await using var app = await StartAsync(new Inbox(), metrics);
        var dispatcher = app.Services.GetRequiredService<WebhookDispatcher>();

        dispatcher.ReportDeadLetter(new WebhookMessage("wh_1", default, default) { EventType = type }, attempts: 3);

        app.Log.Should().ContainSingle().Which.Message
            .Should().StartWith($"The webhook wh_1 ({logged}) is a dead letter (failed attempts: 3).");
        metrics.Of("openai.webhook.deliveries").Should().Equal($"1{tag} openai.webhook.outcome=dead");
        FluentActions.Invoking(() => dispatcher.ReportDeadLetter(null!, 1)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Delivery_made_again_of_what_is_no_event_keeps_its_identity()
        => FluentActions.Invoking(() => new WebhookDelivery("wh_1", DateTimeOffset.UnixEpoch, "{}"u8.ToArray()))
            .Should().Throw<UnreadableWebhookException>().Which.WebhookId.Should().Be("wh_1");

    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)];

    private static Task<WebhookAttemptResult> AttemptAsync(
        TestApp app, string payload, int attempt, CancellationToken cancellationToken = default)
        => app.Services.GetRequiredService<WebhookDispatcher>().AttemptAsync(
            new WebhookMessage("wh_1", DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(payload))
            {
                EventType = "response.completed",
            }.ToJson(),
            attempt,
            Delays,
            cancellationToken: cancellationToken);

    // Soon after it stops, its host's deadline passes.
    private static Task<TestApp> StartDispatchingAsync<THandler>(THandler handler)
        where THandler : class, IWebhookHandler<WebhookEvent>
        => TestApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<HostOptions>(
                    host => host.ShutdownTimeout =
                        TimeSpan.FromMilliseconds(100)).AddSingleton(handler).AddHostedService<Dispatching>();
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, THandler>();
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

    private static Task<TestApp> StartAsync(
        Inbox inbox, Metrics? metrics = null, Action<IServiceCollection>? configure = null)
        => TestApp.StartAsync(
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
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
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
        private readonly TaskCompletionSource _asked = new();

        public Task Asked => _asked.Task;

        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
        {
            _asked.SetResult();
            return Task.Delay(Timeout.Infinite, CancellationToken.None);
        }
    }

    private sealed class Dispatching(WebhookDispatcher dispatcher) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken)
            => dispatcher.DispatchAsync(Message, CancellationToken.None);
    }

    private sealed class Endless : IWebhookHandler<WebhookEvent>
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource End { get; } = new();

        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            Entered.SetResult();
            return End.Task;
        }
    }

    private sealed class CleaningUp : IWebhookHandler<WebhookEvent>
    {
        public TaskCompletionSource<CancellationToken> Entered { get; } = new();

        public bool IsClean { get; private set; }

        public async Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            Entered.SetResult(cancellationToken);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
                IsClean = true;
            }
        }
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

            Entered.TrySetResult();
            await (Slow?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask);
            Stored.Enqueue(message);
        }

        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            Handled.Enqueue(delivery);
            return Waits ? Task.Delay(Timeout.Infinite, cancellationToken)
                : HandlerProblem is null ? Task.CompletedTask
                : Task.FromException(HandlerProblem);
        }
    }
}
