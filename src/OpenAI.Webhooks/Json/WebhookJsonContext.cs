using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>How System.Text.Json writes the events, without reflection, and makes the blanks that the reader copies.</summary>
[JsonSourceGenerationOptions(
    // Said, because what is not said follows switches that hold for the whole process; and a blank is made of nulls.
    RespectNullableAnnotations = false,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(UnwrapWebhookEvent))]
internal sealed partial class WebhookJsonContext : JsonSerializerContext;
