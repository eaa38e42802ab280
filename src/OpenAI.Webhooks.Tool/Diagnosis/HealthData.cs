using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>The data of the application's health check, found anywhere in a JSON response.</summary>
internal sealed record HealthData(Uri Url, JsonObject Data, Uri Endpoint)
{
    private const string Endpoints = "endpoints";

    // The endpoint itself needs the rest of the time.
    private static readonly TimeSpan GuessTimeout = TimeSpan.FromSeconds(3);

    private static readonly string[] UsualPaths = ["/health/webhooks", "/health", "/healthz", "/health/ready", "/hc"];

    /// <summary>The application's clock; null if unknown.</summary>
    public DateTimeOffset? Time => ParseTime(Data["time"]);

    /// <summary>Whether the application has an endpoint whose path fits the URL's.</summary>
    public bool IsOfEndpoint => Prefix is not null;

    /// <summary>When the endpoint last rejected a request, by the application's clock; null if it never did.</summary>
    public DateTimeOffset? LastRejected => ParseTime(Value("last_rejected"));

    /// <summary>The paths of the endpoints that the application maps, as it maps them.</summary>
    public IReadOnlyList<string> MappedPaths => [.. Registrations.SelectMany(registration => registration.Paths)];

    /// <summary>
    /// The handled types, with <c>*</c> as a wildcard; null if the application does not know them, because it only
    /// stores.
    /// </summary>
    public IReadOnlyList<string>? HandledTypes
        => Texts("handled_types") is { Count: > 0 } types ? [.. types.SelectMany(type => type.Split(", "))] : null;

    public IReadOnlyList<string> SecretHints => Texts("secret_hints");

    /// <summary>When the last authentic delivery arrived, by the application's clock; null if there was none.</summary>
    public DateTimeOffset? LastAuthentic => ParseTime(Value("last_authentic"));

    private IEnumerable<(string Prefix, string[] Paths)> Registrations => Data
        .Where(member => member.Key == Endpoints || member.Key.EndsWith($".{Endpoints}", StringComparison.Ordinal))
        .Select(
            member => (
                member.Key[..^Endpoints.Length],
                (string[])[.. (member.Value as JsonArray ?? []).Select(text => PathOf($"{text}"))]));

    // The data keys of a named registration begin with its name and a dot. Use the registration with the longest
    // endpoint path that is a suffix of the URL's path, or has the URL's path as its suffix, because proxies add and
    // remove prefixes.
    private string? Prefix
    {
        get
        {
            return Registrations
                .Select(
                    registration => (
                        registration.Prefix,
                        Length: registration.Paths
                            .Select(
                                path => Math.Max(
                                    MatchingSegments(path, Endpoint.AbsolutePath),
                                    MatchingSegments(Endpoint.AbsolutePath, path))).DefaultIfEmpty().Max()))
                .Where(match => match.Length > 0)
                .OrderByDescending(match => match.Length).FirstOrDefault().Prefix;
        }
    }

    /// <summary>Reads the data from a URL, or from the usual paths.</summary>
    /// <returns>
    /// The data, or null if there are none; and a URL that a gateway could not pass on, or null.
    /// </returns>
    public static async Task<(HealthData? Data, Uri? BadGateway)> ReadAsync(
        Deliverer deliverer, Uri endpoint, Uri? health, CancellationToken cancellationToken)
    {
        Uri[] urls = health is not null ? [health] : [.. UsualPaths.Select(path => new Uri(endpoint, path))];
        var read = await Task.WhenAll(urls.Select(ReadOneAsync));
        return (
            read.Select(one => one.Data).FirstOrDefault(data => data is not null),
            read.Select(one => one.BadGateway).FirstOrDefault(bad => bad is not null));

        async Task<(HealthData? Data, Uri? BadGateway)> ReadOneAsync(Uri url)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (health is null)
            {
                patience.CancelAfter(GuessTimeout);
            }

            try
            {
                var response = await deliverer.SendAsync(new HttpRequestMessage(HttpMethod.Get, url), patience.Token);
                return IsOfGateway(response) ? (null, url)
                    : Find(JsonNode.Parse(response.Body)) is { } data ? (new(url, data, endpoint), null)
                    : default;
            }
            catch (Exception exception) when (exception is JsonException or NoResponseException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return default; // There is no health check at this URL.
            }
        }
    }

    /// <summary>Whether a gateway could not pass the request on.</summary>
    public static bool IsOfGateway(ServerResponse response) => response.Status is 502 or 504;

    /// <summary>Whether a handled type, such as <c>batch.*</c>, covers an event's type.</summary>
    public static bool Covers(string handled, string type)
        => handled.EndsWith('*') ? type.StartsWith(handled[..^1], StringComparison.Ordinal) : handled == type;

    private static JsonObject? Find(JsonNode? node) => node switch
    {
        JsonObject data when data.ContainsKey("time")
            && data.Any(member => member.Key.EndsWith(Endpoints, StringComparison.Ordinal)) => data,
        JsonObject members => members.Select(member => Find(member.Value)).FirstOrDefault(found => found is not null),
        JsonArray items => items.Select(Find).FirstOrDefault(found => found is not null),
        _ => null,
    };

    // Such as "POST /webhooks/openai: stored by QuartzInbox".
    private static string PathOf(string endpoint)
        => endpoint.Split(' ', 3) is [_, var path, ..] ? path.TrimEnd(':') : "";

    private static int MatchingSegments(string pattern, string path)
    {
        string[] wanted = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string[] given = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return wanted.Length <= given.Length
            && wanted.Zip(given[^wanted.Length..]).All(
                pair => pair.First.StartsWith('{')
                    || pair.First.Equals(pair.Second, StringComparison.OrdinalIgnoreCase))
            ? wanted.Length + 1 : 0;
    }

    private static DateTimeOffset? ParseTime(JsonNode? node)
        => DateTimeOffset.TryParse(
            node?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private JsonNode? Value(string key) => Prefix is { } prefix ? Data[prefix + key] : null;

    private IReadOnlyList<string> Texts(string key) => [.. (Value(key) as JsonArray ?? []).Select(text => $"{text}")];
}
