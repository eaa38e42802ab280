using System.Collections.Concurrent;
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
            (delivery, _) => delivery.Event is BatchFailedWebhookEvent ? throw new InvalidOperationException() : Task.CompletedTask);

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
            "1 openai.webhook.failure=SignatureMismatch openai.webhook.outcome=refused",
            "1 openai.webhook.outcome=unreadable",
            "1 openai.webhook.outcome=too_large");
        metrics.Of("openai.webhook.handler.duration").Should().HaveCount(3)
            .And.OnlyContain(measurement => measurement.Contains("openai.webhook.event.type="));
    }

    [Fact]
    public async Task A_delivery_is_one_activity_with_its_ids_and_type()
    {
        var activities = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OpenAI.Webhooks",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        string id = "wh_" + Guid.NewGuid();
        await using var app = await TestApp.StartAsync(
            handler: (delivery, _) => delivery.Event is BatchFailedWebhookEvent ? throw new InvalidOperationException() : Task.CompletedTask);

        await app.SendAsync(TestApp.Sign(webhookId: id));
        await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "batch.failed"), webhookId: id + "b"));
        await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret, webhookId: id + "c"));

        var mine = activities.Where(activity => ((string)activity.GetTagItem("openai.webhook.id")!).StartsWith(id, StringComparison.Ordinal)).ToArray();
        mine.Select(activity => activity.Status).Should().Equal(ActivityStatusCode.Unset, ActivityStatusCode.Error);
        mine[0].TagObjects.Should().BeEquivalentTo(new Dictionary<string, object?>
        {
            ["openai.webhook.id"] = id,
            ["openai.webhook.event.id"] = "evt_685c059ae3a481909bdc86819b066fb6",
            ["openai.webhook.event.type"] = "response.completed",
        });
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
        string.Concat(app.Log).Should().NotContainAny("resp_123", "4155550123", "RdvaYFYU", forged.Headers.ToDictionary()["webhook-signature"][3..]);
    }

    /// <summary>Keeps the measurements of one application.</summary>
    private sealed class Metrics : IMeterFactory
    {
        private readonly ConcurrentQueue<(string Instrument, string Text)> _measurements = new();
        private readonly MeterListener _listener = new();
        private readonly List<Meter> _meters = [];

        public Metrics()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == this && instrument.Meter.Name == "OpenAI.Webhooks")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
            _listener.Start();
        }

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public IEnumerable<string> Of(string instrument)
            => _measurements.Where(measurement => measurement.Instrument == instrument).Select(measurement => measurement.Text);

        public void Dispose()
        {
            _listener.Dispose();
            _meters.ForEach(meter => meter.Dispose());
        }

        private void Keep<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            _measurements.Enqueue((instrument.Name, $"{value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").Order())}"));
        }
    }
}
