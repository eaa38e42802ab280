using System.Net;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class HandlerTests
{
    [Fact]
    public async Task Handlers_of_the_event_its_family_and_the_base_run_in_the_order_they_were_added()
    {
        await using var app = await StartAsync(webhooks => webhooks
            .AddHandler<WebhookEvent, Recorder<WebhookEvent>>()
            .AddHandler<BatchWebhookEvent, Recorder<BatchWebhookEvent>>()
            .AddHandler<ResponseCompletedWebhookEvent, Recorder<ResponseCompletedWebhookEvent>>()
            .AddHandler<ResponseWebhookEvent, Recorder<ResponseWebhookEvent>>()
            .AddHandler<UnknownWebhookEvent, Recorder<UnknownWebhookEvent>>());

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Handled.Should().Equal("WebhookEvent", "ResponseCompletedWebhookEvent", "ResponseWebhookEvent");
    }

    [Fact]
    public async Task Handler_of_an_unknown_event_runs_for_one()
    {
        await using var app =
            await StartAsync(webhooks => webhooks.AddHandler<UnknownWebhookEvent, Recorder<UnknownWebhookEvent>>());

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "video.rendered")))).StatusCode
            .Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        app.Handled.Should().Equal("UnknownWebhookEvent");
    }

    [Fact]
    public async Task Handler_of_a_base_type_can_be_added_for_an_event()
    {
        await using var app = await StartAsync(
            webhooks => webhooks.AddHandler<ResponseCompletedWebhookEvent, Recorder<WebhookEvent>>());

        await app.SendAsync(TestApp.Sign());

        app.Handled.Should().Equal("WebhookEvent");
    }

    [Fact]
    public async Task Handler_added_twice_for_the_same_event_runs_once()
    {
        await using var app = await StartAsync(webhooks => webhooks
            .AddHandler<WebhookEvent, Recorder<WebhookEvent>>()
            .AddHandler<WebhookEvent, Recorder<WebhookEvent>>());

        await app.SendAsync(TestApp.Sign());

        app.Handled.Should().Equal("WebhookEvent");
    }

    [Fact]
    public void Handlers_and_inboxes_are_registered_as_scoped_unless_they_are_registered_already()
    {
        var services = new ServiceCollection();
        services.AddSingleton<ScopeRecorder>();
        services.AddOpenAIWebhooks().AddHandler<WebhookEvent, ScopeRecorder>().AddHandler<WebhookEvent, Failing>()
            .AddInbox<InboxTests.Inbox>();

        services.Should().ContainSingle(service => service.ServiceType == typeof(ScopeRecorder)).Which.Lifetime
            .Should().Be(ServiceLifetime.Singleton);
        services.Should().ContainSingle(service => service.ServiceType == typeof(InboxTests.Inbox)).Which.Lifetime
            .Should().Be(ServiceLifetime.Scoped);
        services.Should().ContainSingle(service => service.ServiceType == typeof(Failing)).Which.Lifetime
            .Should().Be(ServiceLifetime.Scoped);
    }

    [Fact]
    public async Task Handlers_share_the_scope_of_the_request_and_get_a_new_one_for_the_next()
    {
        await using var app = await StartAsync(webhooks =>
        {
            webhooks.Services.AddScoped<Scope>();
            webhooks.AddHandler<WebhookEvent, ScopeRecorder>().AddHandler<ResponseWebhookEvent, ScopeRecorder>();
        });

        await app.SendAsync(TestApp.Sign());
        await app.SendAsync(TestApp.Sign());

        app.Handled.Should().HaveCount(4);
        app.Handled[0].Should().Be(app.Handled[1]);
        app.Handled[2].Should().Be(app.Handled[3]).And.NotBe(app.Handled[0]);
    }

    [Fact]
    public async Task Handler_throws_the_ones_behind_it_do_not_run_and_the_answer_is_500()
    {
        await using var app = await StartAsync(webhooks => webhooks
            .AddHandler<ResponseWebhookEvent, Recorder<ResponseWebhookEvent>>()
            .AddHandler<WebhookEvent, Failing>()
            .AddHandler<WebhookEvent, Recorder<WebhookEvent>>());

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.InternalServerError);

        app.Handled.Should().Equal("ResponseWebhookEvent");
    }

    [Fact]
    public async Task Handlers_added_under_a_name_run_for_its_endpoints_only()
    {
        var handled = new List<string>();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(handled);
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Recorder<WebhookEvent>>();
                builder.Services.AddOpenAIWebhooks("other", options => options.Secrets.Add(TestApp.OtherSecret))
                    .AddHandler<ResponseWebhookEvent, Recorder<ResponseWebhookEvent>>();
            },
            app =>
            {
                app.MapOpenAIWebhooks(TestApp.Path);
                app.MapOpenAIWebhooks("/other", "other");
            });

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), "/other")).StatusCode
            .Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(), "/other")).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        handled.Should().Equal("ResponseWebhookEvent", "WebhookEvent");
    }

    private static async Task<RecordingApp> StartAsync(Action<OpenAIWebhooksBuilder> add)
    {
        var handled = new List<string>();
        return new(
            await TestApp.StartAsync(
                builder =>
                {
                    builder.Services.AddSingleton(handled);
                    add(builder.Services.AddOpenAIWebhooks());
                },
                app => app.MapOpenAIWebhooks(TestApp.Path)),
            handled);
    }

    private sealed record RecordingApp(TestApp App, List<string> Handled) : IAsyncDisposable
    {
        public Task<HttpResponseMessage> SendAsync(SignedWebhook signed) => App.SendAsync(signed);

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }

    private sealed class Recorder<TEvent>(List<string> handled) : IWebhookHandler<TEvent>
        where TEvent : WebhookEvent
    {
        public Task HandleAsync(TEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            webhookEvent.Should().BeSameAs(delivery.Event);
            handled.Add(typeof(TEvent).Name);
            return Task.CompletedTask;
        }
    }

    private sealed class Failing : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
            => throw new InvalidOperationException("on purpose");
    }

    private sealed class Scope
    {
        public string Id { get; } = Guid.NewGuid().ToString();
    }

    private sealed class ScopeRecorder(Scope scope, List<string> handled) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            handled.Add(scope.Id);
            return Task.CompletedTask;
        }
    }
}
