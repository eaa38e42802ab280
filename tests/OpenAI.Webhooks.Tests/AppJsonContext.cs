using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

/// <summary>A source-generated context as an application has it, with a naming policy of its own.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseUpper,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(BatchWebhookEvent))]
[JsonSerializable(typeof(ResponseWebhookEvent))]
[JsonSerializable(typeof(ResponseCompletedWebhookEvent))]
[JsonSerializable(typeof(UnknownWebhookEvent))]
[JsonSerializable(typeof(RealtimeCallIncomingWebhookEvent))]
[JsonSerializable(typeof(IReadOnlyList<WebhookEvent>))]
[JsonSerializable(typeof(object))]
internal sealed partial class AppJsonContext : JsonSerializerContext;
