using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BenchmarkDotNet.Attributes;
using Newtonsoft.Json.Linq;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>
/// Reading an event. Of an unknown one, which System.Text.Json's polymorphic reads refuse, they make a JsonElement.
/// </summary>
public class ParseBenchmarks
{
    private static readonly JsonSerializerOptions Reflection = new()
    {
        AllowOutOfOrderMetadataProperties = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private byte[] _payload = [];

    [Params(Payloads.Published, Payloads.Sip, Payloads.Unknown)]
    public string Payload { get; set; } = Payloads.Published;

    private bool IsUnknown => Payload == Payloads.Unknown;

    [GlobalSetup]
    public void Setup() => _payload = Payloads.Get(Payload);

    [Benchmark(Baseline = true, Description = "bare Utf8JsonReader pass")]
    public long Floor()
    {
        var reader = new Utf8JsonReader(_payload);
        while (reader.Read())
        {
        }

        return reader.BytesConsumed;
    }

    [Benchmark(Description = "WebhookEvent.Parse")]
    public WebhookEvent Parse() => WebhookEvent.Parse(_payload);

    [Benchmark(Description = "System.Text.Json, source-generated")]
    public object? SourceGenerated()
        => IsUnknown
            ? JsonElement() : JsonSerializer.Deserialize(_payload, BenchmarkContext.Default.UnwrapWebhookEvent);

    [Benchmark(Description = "System.Text.Json, reflection")]
    public object? ByReflection()
        => IsUnknown ? JsonElement() : JsonSerializer.Deserialize<UnwrapWebhookEvent>(_payload, Reflection);

    [Benchmark(Description = "Newtonsoft.Json, switch on type")]
    public object Newtonsoft()
    {
        var json = JObject.Parse(Encoding.UTF8.GetString(_payload));
        return (string?)json["type"] switch
        {
            WebhookEventTypes.ResponseCompleted => json.ToObject<NewtonsoftEvent<NewtonsoftResponse>>()!,
            WebhookEventTypes.RealtimeCallIncoming => json.ToObject<NewtonsoftEvent<NewtonsoftCall>>()!,
            _ => json,
        };
    }

    private JsonElement JsonElement() => JsonDocument.Parse(_payload).RootElement.Clone();
}
