using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class TelemetryTests
{
    [Fact]
    public async Task Deliveries_are_counted_by_type_and_outcome()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 1000).AddDeduplication();
                builder.Services.AddSingleton<IMeterFactory>(metrics);
            },
            (delivery, _) => delivery.Event is BatchFailedWebhookEvent
                ? throw new InvalidOperationException()
                : Task.CompletedTask);

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "batch.failed")));
        await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "made.up." + Guid.NewGuid())));
        await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret));
        await app.SendAsync(TestApp.Sign("{}"));
        await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(1001)));

        metrics.Of("openai.webhook.deliveries").Should().Equal(
            "1 openai.webhook.event.type=response.completed openai.webhook.outcome=handled",
            "1 openai.webhook.event.type=response.completed openai.webhook.outcome=duplicate",
            "1 openai.webhook.event.type=batch.failed openai.webhook.outcome=failed",
            "1 openai.webhook.event.type=_OTHER openai.webhook.outcome=handled",
            "1 openai.webhook.failure=signature_mismatch openai.webhook.outcome=refused",
            "1 openai.webhook.outcome=unreadable",
            "1 openai.webhook.outcome=too_large");
        metrics.Of("openai.webhook.handler.duration").Select(measurement => measurement.Split(' ', 2)[1])
            .Should().Equal(
            "openai.webhook.event.type=response.completed openai.webhook.outcome=handled",
            "openai.webhook.event.type=batch.failed openai.webhook.outcome=failed",
            "openai.webhook.event.type=_OTHER openai.webhook.outcome=handled");
    }

    [Fact]
    public async Task A_delivery_is_one_activity_with_its_ids_and_type()
    {
        using var activities = new Activities();
        string id = "wh_" + Guid.NewGuid();
        await using var app = await TestApp.StartAsync(
            handler: (delivery, _) => delivery.Event is BatchFailedWebhookEvent
                ? throw new InvalidOperationException()
                : Task.CompletedTask);

        await app.SendAsync(TestApp.Sign(webhookId: id));
        await app.SendAsync(
            TestApp.Sign(TestApp.Payload.Replace("response.completed", "batch.failed"), webhookId: id + "b"));
        await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret, webhookId: id + "c"));

        var mine = activities.Stopped.Where(
            activity => (
                (string)activity.GetTagItem("openai.webhook.id")!).StartsWith(id, StringComparison.Ordinal)).ToArray();
        mine.Select(activity => activity.Status).Should().Equal(ActivityStatusCode.Unset, ActivityStatusCode.Error);
        mine[0].TagObjects.Should().BeEquivalentTo(new Dictionary<string, object?>
        {
            ["openai.webhook.id"] = id,
            ["openai.webhook.event.id"] = "evt_685c059ae3a481909bdc86819b066fb6",
            ["openai.webhook.event.type"] = "response.completed",
            ["openai.webhook.outcome"] = "handled",
        });
        mine[0].Kind.Should().Be(ActivityKind.Consumer);
        mine[0].OperationName.Should().Be("openai.webhook");
        mine[1].GetTagItem("openai.webhook.outcome").Should().Be("failed");
        mine[1].GetTagItem("error.type").Should().Be("System.InvalidOperationException");
        mine[1].Events.Should().ContainSingle().Which.Name.Should().Be("exception");
    }

    [Fact]
    public async Task A_permanent_failure_is_an_activity_that_failed()
    {
        using var activities = new Activities();
        string id = "wh_" + Guid.NewGuid();
        await using var app = await TestApp.StartAsync(handler: (_, _) => throw new PermanentWebhookFailureException());

        await app.SendAsync(TestApp.Sign(webhookId: id));

        var activity = activities.Stopped.Single(activity => (string?)activity.GetTagItem("openai.webhook.id") == id);
        (activity.Status, activity.GetTagItem("openai.webhook.outcome"))
            .Should().Be((ActivityStatusCode.Error, "given_up"));
        activity.Events.Single().Tags
            .Should().Contain("exception.message", "A handler reported a permanent failure: no retry can help.");
    }

    [Theory]
    [InlineData("batch.completed", "ignored")]
    [InlineData("response.failed", "handled")]
    [InlineData("response.completed", "handled")]
    public async Task A_delivery_is_handled_where_one_handler_wanted_it_or_several_and_ignored_where_none(
        string type, string outcome)
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks()
                    .AddHandler<ResponseWebhookEvent, Nothing>()
                    .AddHandler<ResponseCompletedWebhookEvent, Nothing>()
                    .AddHandler<ResponseIncompleteWebhookEvent, Nothing>();
                builder.Services.AddSingleton<IMeterFactory>(metrics);
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", type)))).IsSuccessStatusCode
            .Should().BeTrue();

        metrics.Of("openai.webhook.deliveries")
            .Should().Equal($"1 openai.webhook.event.type={type} openai.webhook.outcome={outcome}");
        metrics.Of("openai.webhook.handler.duration")
            .Should().ContainSingle().Which
            .Should().EndWith($" openai.webhook.event.type={type} openai.webhook.outcome={outcome}");
    }

    [Theory]
    [InlineData("missing_id", "webhook-id")]
    [InlineData("missing_timestamp", "webhook-timestamp")]
    [InlineData("missing_signature", "webhook-signature")]
    [InlineData("repeated_id", "webhook-id", "wh_1", "wh_1")]
    [InlineData("repeated_timestamp", "webhook-timestamp", "1", "1")]
    [InlineData("invalid_timestamp", "webhook-timestamp", "now")]
    [InlineData("timestamp_too_old", "webhook-timestamp", "1750861210")]
    [InlineData("timestamp_too_new", "webhook-timestamp", "253402300799")]
    [InlineData("signature_mismatch", "webhook-signature", "v1,")]
    public async Task A_refusal_is_counted_by_its_reason(string reason, string name, params string[] values)
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<IMeterFactory>(metrics);
        });
        var headers = TestApp.Sign().Headers.ToDictionary().Where(header => header.Key != name)
            .Concat(values.Select(value => KeyValuePair.Create(name, value)));

        await app.SendRawAsync(
            string.Concat(headers.Select(header => $"{header.Key}: {header.Value}\r\n")), TestApp.Payload);

        metrics.Of("openai.webhook.deliveries")
            .Should().Equal($"1 openai.webhook.failure={reason} openai.webhook.outcome=refused");
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_aborted_and_one_that_something_read_or_that_is_malformed_is_refused()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddSingleton<IMeterFactory>(metrics);
            },
            app =>
            {
                app.Use(async (context, next) =>
                {
                    if (context.Request.Headers["webhook-id"] == "wh_read")
                    {
                        await context.Request.Body.CopyToAsync(Stream.Null);
                    }
                    else if (context.Request.Headers["webhook-id"] == "wh_malformed")
                    {
                        context.Request.Body = new System.IO.Compression.GZipStream(
                            context.Request.Body, System.IO.Compression.CompressionMode.Decompress);
                    }

                    await next(context);
                });
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            });

        await app.SendAsync(TestApp.Sign(webhookId: "wh_read"));
        await app.SendAsync(TestApp.Sign(webhookId: "wh_malformed"));
        var compressed = TestApp.Sign(secret: TestApp.OtherSecret);
        await app.SendAsync(
            compressed.GetPayload(),
            [.. compressed.Headers.ToDictionary(), KeyValuePair.Create("Content-Encoding", "gzip")]);
        await app.SendAsync(
            compressed.GetPayload(),
            [.. compressed.Headers.ToDictionary(), KeyValuePair.Create("Content-Encoding", "identity")]);

        using (var socket = await app.ConnectAsync())
        {
            await socket.GetStream().WriteAsync(System.Text.Encoding.UTF8.GetBytes($"POST {TestApp.Path} "
                + $"HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n{TestApp.Lines(TestApp.Sign())}\r\n{{"));
        }

        await TestApp.Eventually(() => metrics.Of("openai.webhook.deliveries").Count() == 5);
        metrics.Of("openai.webhook.deliveries").Should().Equal(
            "1 openai.webhook.failure=body_read_before openai.webhook.outcome=refused",
            "1 openai.webhook.failure=body_malformed openai.webhook.outcome=refused",
            "1 openai.webhook.failure=body_encoded openai.webhook.outcome=refused",
            "1 openai.webhook.failure=signature_mismatch openai.webhook.outcome=refused",
            "1 openai.webhook.outcome=aborted");
    }

    [Fact]
    public async Task The_instruments_have_their_units_and_the_duration_is_in_seconds()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddSingleton<IMeterFactory>(metrics);
            },
            (_, token) => Task.Delay(TimeSpan.FromMilliseconds(200), token));

        await app.SendAsync(TestApp.Sign());

        metrics.Instruments.Select(instrument => $"{instrument.GetType().Name} {instrument.Name} {instrument.Unit}")
            .Should().BeEquivalentTo(
            "Counter`1 openai.webhook.deliveries {delivery}",
            "Histogram`1 openai.webhook.handler.duration s",
            "Histogram`1 openai.webhook.arrival.age s",
            "Histogram`1 openai.webhook.handled.age s");
        metrics.Instruments.Should().OnlyContain(instrument => instrument.Meter.Version == "0.1.0");
        metrics.Instruments.Should().OnlyContain(instrument => instrument.Description!.Length > 0);
        double.Parse(
            metrics.Of("openai.webhook.handler.duration").Single().Split(' ')[0],
            System.Globalization.CultureInfo.InvariantCulture)
            .Should().BeInRange(0.1, 100, "a quarter of a second is neither 250 nor 0");

        var advice = metrics.Instruments.OfType<Histogram<double>>().First().Advice;
        advice?.HistogramBucketBoundaries
            .Should().HaveElementAt(0, 0.005).And.EndWith([60, 300], "handlers take from milliseconds to minutes");
        (advice is null).Should().Be(BuildTests.TestedBuild == "net8.0", "there it takes the packages of .NET 9");
    }

    [Fact]
    public async Task What_becomes_of_a_delivery_is_in_the_log()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks().AddDeduplication()
                .AddHandler<ResponseWebhookEvent, Nothing>(),
            app => app.MapOpenAIWebhooks(TestApp.Path));

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(
            TestApp.Sign(TestApp.Payload.Replace("response.completed", "batch.failed"), webhookId: "wh_2"));

        app.Log.Where(entry => entry.Message.Contains("wh_", StringComparison.Ordinal))
            .Select(entry => $"{entry.Level}: {entry.Message}")
            .Should().Equal(
            "Information: Handled the webhook wh_1 (response.completed).",
            "Information: The webhook wh_1 (response.completed) is a copy of a delivery that was handled or is being "
            + "handled. It gets the same response and is not handled again.",
            "Warning: No handler is registered for batch.failed, so the webhook wh_2 was acknowledged and dropped. Add "
            + "a handler with AddHandler<BatchFailedWebhookEvent, THandler>(), or unsubscribe the endpoint from this "
            + "type at OpenAI.");
    }

    [Fact]
    public async Task Logs_hold_no_secret_payload_or_signature()
    {
        await using var app = await TestApp.StartAsync(handler: (_, _) => throw new InvalidOperationException());
        var forged = TestApp.Sign(secret: TestApp.OtherSecret);

        await app.SendAsync(TestApp.Sign());
        await app.SendAsync(forged);
        await app.SendAsync(TestApp.Sign("""{"number": "+14155550123"}"""));

        app.Log.Should().HaveCount(3);
        string.Concat(app.Log)
            .Should().NotContainAny(
                "resp_123", "4155550123", "RdvaYFYU", forged.Headers.ToDictionary()["webhook-signature"][3..]);
    }
}
