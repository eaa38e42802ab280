using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

/// <summary>The options under which System.Text.Json itself does what the union's attributes promise.</summary>
[JsonSourceGenerationOptions(
    AllowOutOfOrderMetadataProperties = true,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(UnwrapWebhookEvent))]
internal sealed partial class StrictContext : JsonSerializerContext;
