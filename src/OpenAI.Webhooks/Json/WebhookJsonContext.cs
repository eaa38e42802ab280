using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>
/// Lets System.Text.Json write events without reflection, and create the blank events that the reader copies.
/// </summary>
[JsonSourceGenerationOptions(
    // Set explicitly, because unset options follow process-wide switches, and blank events contain nulls.
    RespectNullableAnnotations = false,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(UnwrapWebhookEvent))]
internal sealed partial class WebhookJsonContext : JsonSerializerContext;
