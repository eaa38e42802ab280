using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Keeps the measurements of one application.</summary>
internal sealed class Metrics : IMeterFactory
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
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    /// <summary>Collects the gauges.</summary>
    public void Collect() => _listener.RecordObservableInstruments();

    public IEnumerable<string> Of(string instrument)
        => _measurements.Where(measurement => measurement.Instrument == instrument)
        .Select(measurement => measurement.Text);

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }

    private void Keep<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _measurements.Enqueue(
            (
                instrument.Name,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").Order())}")));
    }
}
