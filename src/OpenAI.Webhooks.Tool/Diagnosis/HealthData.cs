using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>What the application's health check tells, wherever in a JSON response its data are.</summary>
internal sealed record HealthData(Uri Url, JsonObject Data)
{
    private static readonly TimeSpan Recently = TimeSpan.FromSeconds(10);
    private static readonly string[] UsualPaths = ["/health/webhooks", "/health", "/healthz", "/health/ready", "/hc"];

    /// <summary>The application's clock; null if it does not tell.</summary>
    public DateTimeOffset? Time => DateTimeOffset.TryParse(Data["time"]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The handled types, with <c>*</c> for any rest; null if the application does not know them, because it only stores.</summary>
    public IReadOnlyList<string>? HandledTypes => Texts("handled_types") is { Count: > 0 } types ? [.. types.SelectMany(type => type.Split(", "))] : null;

    public IReadOnlyList<string> SecretHints => Texts("secret_hints");

    /// <summary>Why the last request was rejected; null if none was.</summary>
    public string? LastRejectedReason => All("last_rejected_reason").LastOrDefault()?.ToString();

    /// <summary>Whether the endpoint itself rejected a request in the last seconds, by the application's clock.</summary>
    public bool HasJustRejected => All("last_rejected").Any(text => DateTimeOffset.TryParse(text?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && Time - time < Recently);

    public static async Task<HealthData?> ReadAsync(Deliverer deliverer, Uri endpoint, Uri? health, CancellationToken cancellationToken)
    {
        foreach (var url in health is not null ? [health] : UsualPaths.Select(path => new Uri(endpoint, path)))
        {
            try
            {
                var answer = await deliverer.SendAsync(new HttpRequestMessage(HttpMethod.Get, url), cancellationToken);
                if (Find(JsonNode.Parse(answer.Body)) is { } data)
                {
                    return new(url, data);
                }
            }
            catch (Exception exception) when (exception is JsonException or NoAnswerException)
            {
                // It is not there.
            }
        }

        return null;
    }

    /// <summary>Whether a handled type, such as <c>batch.*</c>, covers an event's type.</summary>
    public static bool Covers(string handled, string type)
        => handled.EndsWith('*') ? type.StartsWith(handled[..^1], StringComparison.Ordinal) : handled == type;

    private static JsonObject? Find(JsonNode? node) => node switch
    {
        JsonObject data when data.ContainsKey("time") && data.Any(member => member.Key.EndsWith("endpoints", StringComparison.Ordinal)) => data,
        JsonObject members => members.Select(member => Find(member.Value)).FirstOrDefault(found => found is not null),
        JsonArray items => items.Select(Find).FirstOrDefault(found => found is not null),
        _ => null,
    };

    private IReadOnlyList<string> Texts(string key) => [.. All(key).SelectMany(node => node as JsonArray ?? []).Select(text => text?.ToString() ?? "").Distinct()];

    // The data of a registration with a name begin with the name and a dot.
    private IEnumerable<JsonNode?> All(string key) => Data.Where(member => member.Key == key || member.Key.EndsWith($".{key}", StringComparison.Ordinal)).Select(member => member.Value);
}
