using System.Text.Json.Serialization;

namespace OpenAI.Webhooks;

/// <summary>How System.Text.Json writes the events, without reflection.</summary>
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(UnwrapWebhookEvent))]
internal sealed partial class WebhookJsonContext : JsonSerializerContext;
