using System.Globalization;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool;

/// <summary>A webhook endpoint at OpenAI.</summary>
internal sealed record ApiEndpoint(
    string Id,
    string Name,
    string Url,
    IReadOnlyList<string> EventTypes,
    DateTimeOffset? UpdatedAt,
    string? SecretHint,
    string? Secret)
{
    public static ApiEndpoint From(JsonNode? node) => new(
        node?["id"]?.ToString() ?? throw new ToolException("OpenAI's API returned an endpoint without an id."),
        node["name"]?.ToString() ?? "",
        node["url"]?.ToString() ?? "",
        [.. (node["event_types"] as JsonArray ?? []).Select(type => type?.ToString() ?? "")],
        long.TryParse(
            (node["updated_at"] ?? node["created_at"])?.ToString(),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null,
        node["signing_secret_hint"]?.ToString(),
        node["signing_secret"]?.ToString());
}
