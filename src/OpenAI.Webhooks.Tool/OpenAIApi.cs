using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool;

/// <summary>OpenAI's API for webhook endpoints. OpenAI's own package has no methods for it.</summary>
internal sealed class OpenAIApi : IDisposable
{
    public const string KeyVariable = "OPENAI_API_KEY";

    private const int PageSize = 100;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private readonly HttpClient _client;

    public OpenAIApi(Uri address, string key)
    {
        _client = new HttpClient { BaseAddress = new Uri(address.ToString().TrimEnd('/') + "/"), Timeout = Timeout };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>OpenAI's clock at the last response; null before it, or if there was none.</summary>
    public DateTimeOffset? Time { get; private set; }

    public static (Option<string> KeyFrom, Option<Uri> Address) AddOptions(Command command)
    {
        var keyFrom = new Option<string>("--api-key-from") { Description = $"The environment variable with an API key of OpenAI. Otherwise: {KeyVariable}.", HelpName = "ENVVAR" };
        var address = UrlOption.Create("--api-url", "The address of OpenAI's API.");
        address.DefaultValueFactory = _ => new Uri("https://api.openai.com/v1");
        command.Add(keyFrom);
        command.Add(address);
        return (keyFrom, address);
    }

    /// <summary>The API; null if no key is named and the usual variable is not set.</summary>
    public static OpenAIApi? From(ParseResult parsed, (Option<string> KeyFrom, Option<Uri> Address) options)
    {
        string? key = parsed.GetValue(options.KeyFrom) is { } variable ? EnvironmentVariable.Require(options.KeyFrom.Name, variable, "the API key") : Environment.GetEnvironmentVariable(KeyVariable)?.Trim();
        return key is { Length: > 0 } ? new(parsed.GetValue(options.Address)!, key) : null;
    }

    public async Task<IReadOnlyList<ApiEndpoint>> ListAsync(CancellationToken cancellationToken)
    {
        var endpoints = new List<ApiEndpoint>();
        string after = "";
        while (true)
        {
            var page = await SendAsync(HttpMethod.Get, $"webhook_endpoints?limit={PageSize}{after}", body: null, cancellationToken);
            endpoints.AddRange((page["data"] as JsonArray ?? []).Select(ApiEndpoint.From));
            if (page["has_more"]?.ToString() != "true" || page["last_id"]?.ToString() is not { Length: > 0 } last)
            {
                return endpoints;
            }

            after = $"&after={Uri.EscapeDataString(last)}";
        }
    }

    public async Task<ApiEndpoint> CreateAsync(string name, Uri url, IEnumerable<string> types, CancellationToken cancellationToken)
        => ApiEndpoint.From(await SendAsync(
            HttpMethod.Post, "webhook_endpoints", new JsonObject { ["name"] = name, ["url"] = url.ToString(), ["event_types"] = new JsonArray([.. types.Select(type => JsonValue.Create(type))]) }, cancellationToken));

    public Task DeleteAsync(string id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"webhook_endpoints/{Uri.EscapeDataString(id)}", body: null, cancellationToken);

    /// <summary>Has OpenAI send a test event, and returns the status that OpenAI got; null if it got none.</summary>
    public async Task<int?> TestAsync(string id, string type, CancellationToken cancellationToken)
    {
        var result = await SendAsync(HttpMethod.Post, $"webhook_endpoints/{Uri.EscapeDataString(id)}/test", new JsonObject { ["event_type"] = type }, cancellationToken);
        return int.TryParse(result["status_code"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status > 0 ? status : null;
    }

    /// <summary>The types this project can subscribe to.</summary>
    public async Task<IReadOnlyList<string>> TypesAsync(CancellationToken cancellationToken)
        => [.. ((await SendAsync(HttpMethod.Get, "webhook_event_types", body: null, cancellationToken))["data"] as JsonArray ?? []).Select(type => type?.ToString() ?? "")];

    public void Dispose() => _client.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        try
        {
            using var response = await _client.SendAsync(request, cancellationToken);
            Time = response.Headers.Date ?? Time;
            string text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return text.Length == 0 ? [] : JsonNode.Parse(text) as JsonObject ?? throw new System.Text.Json.JsonException();
            }

            throw new ToolException($"OpenAI's API responded to {method} /{path.Split('?')[0]} with {(int)response.StatusCode}.", (int)response.StatusCode switch
            {
                401 => "The API key is not valid. Check the environment variable that it is taken from.",
                403 => "The API key may not manage webhooks. Use one of the same project that may.",
                404 => "Check that the API key is of the endpoint's project.",
                429 => "Wait, and check the limits and the credit of the project.",
                >= 500 => "That is OpenAI's. Try again later.",
                _ => "Check --api-url.",
            });
        }
        catch (System.Text.Json.JsonException)
        {
            throw new ToolException($"{_client.BaseAddress} responds with something that is not JSON.", "Check --api-url, and proxies in between.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"OpenAI's API at {_client.BaseAddress} did not respond within {Timeout.TotalSeconds} seconds.", "Check the network, and try again.");
        }
        catch (HttpRequestException exception)
        {
            throw new ToolException($"OpenAI's API at {_client.BaseAddress} cannot be reached ({(exception.InnerException ?? exception).Message}).", "Check the network, and --api-url.");
        }
    }
}
