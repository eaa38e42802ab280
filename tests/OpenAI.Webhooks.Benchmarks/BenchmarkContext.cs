using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Benchmarks;

[JsonSourceGenerationOptions(AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(UnwrapWebhookEvent))]
internal sealed partial class BenchmarkContext : JsonSerializerContext;
