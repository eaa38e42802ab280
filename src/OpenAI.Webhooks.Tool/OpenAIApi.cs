using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpenAI.Webhooks.Tool;

/// <summary>OpenAI's API for webhook endpoints. OpenAI's own package has no methods for it.</summary>
internal sealed partial class OpenAIApi : IDisposable
{
    public const string KeyVariable = "OPENAI_API_KEY";

    private const int PageSize = 100;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    private readonly HttpClient _client;
    private readonly string _address;
    private readonly CancellationToken _deadline;

    /// <param name="address">The address of the API.</param>
    /// <param name="key">The API key.</param>
    /// <param name="deadline">When it is cancelled, no response is waited for any longer.</param>
    public OpenAIApi(Uri address, string key, CancellationToken deadline)
    {
        _deadline = deadline;
        if (!key.All(character => character is > ' ' and < '\x7f'))
        {
            throw new ToolException(
                "The API key contains characters that no API key has, such as a line feed.",
                "Check the environment variable that contains it.");
        }

        _address = Words.Of(address).TrimEnd('/', '?', '…');
        _client = new HttpClient { BaseAddress = new Uri(_address + "/"), Timeout = Timeout };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>
    /// OpenAI's clock in the last response; null if there was no response yet, or if it contained no time.
    /// </summary>
    public DateTimeOffset? Time { get; private set; }

    public static (Option<string> KeyFrom, Option<Uri> Address) AddOptions(Command command)
    {
        var keyFrom = new Option<string>("--api-key-from")
        {
            Description = $"The environment variable that contains an OpenAI API key. Default: {KeyVariable}.",
            HelpName = "ENVVAR",
        };
        var address = UrlOption.Create("--api-url", "The address of OpenAI's API.");
        address.DefaultValueFactory = _ => new Uri("https://api.openai.com/v1");
        command.Add(keyFrom);
        command.Add(address);
        return (keyFrom, address);
    }

    /// <summary>The API; null if no key is named and the usual variable is not set.</summary>
    public static OpenAIApi? From(
        ParseResult parsed,
        (Option<string> KeyFrom, Option<Uri> Address) options,
        CancellationToken deadline)
    {
        string? key = parsed.GetValue(options.KeyFrom) is { } variable
            ? EnvironmentVariable.Require(options.KeyFrom.Name, variable, "the API key")
            : Environment.GetEnvironmentVariable(KeyVariable)?.Trim();
        return key is { Length: > 0 } ? new(parsed.GetValue(options.Address)!, key, deadline) : null;
    }

    public async Task<IReadOnlyList<ApiEndpoint>> ListAsync(CancellationToken cancellationToken)
    {
        var endpoints = new List<ApiEndpoint>();
        string after = "";
        while (true)
        {
            var page = await SendAsync(
                HttpMethod.Get, $"webhook_endpoints?limit={PageSize}{after}", body: null, cancellationToken);
            endpoints.AddRange((page["data"] as JsonArray ?? throw new ToolException(
                $"The response from {_address} has no list of endpoints.",
                "Check --api-url, and any proxies in between.")).Select(ApiEndpoint.From));
            if (page["has_more"]?.ToString() != "true" || page["last_id"]?.ToString() is not { Length: > 0 } last)
            {
                return endpoints;
            }

            after = $"&after={Uri.EscapeDataString(last)}";
        }
    }

    public async Task<ApiEndpoint> CreateAsync(
        string name, Uri url, IEnumerable<string> types, CancellationToken cancellationToken)
        => ApiEndpoint.From(await SendAsync(
            HttpMethod.Post, "webhook_endpoints", new JsonObject
            {
                ["name"] = name,
                ["url"] = url.ToString(),
                ["event_types"] = new JsonArray([.. types.Select(type => JsonValue.Create(type))]),
            }, cancellationToken));

    /// <summary>Replaces the event types of an endpoint.</summary>
    public async Task<ApiEndpoint> SetTypesAsync(
        string id, IEnumerable<string> types, CancellationToken cancellationToken)
        => ApiEndpoint.From(await SendAsync(
            HttpMethod.Post, $"webhook_endpoints/{Uri.EscapeDataString(id)}", new JsonObject
            {
                ["event_types"] = new JsonArray([.. types.Select(type => JsonValue.Create(type))]),
            }, cancellationToken));

    /// <summary>Creates a new secret. The old one stays active for 24 hours.</summary>
    public async Task<ApiEndpoint> RotateAsync(string id, CancellationToken cancellationToken)
        => ApiEndpoint.From(await SendAsync(
            HttpMethod.Post,
            $"webhook_endpoints/{Uri.EscapeDataString(id)}/rotate_secret",
            new JsonObject { ["keep_old_secret_active_for_24_hours"] = true },
            cancellationToken));

    /// <summary>Deletes an endpoint, if it is still there.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken)
        => SendAsync(HttpMethod.Delete, $"webhook_endpoints/{Uri.EscapeDataString(id)}", body: null, cancellationToken);

    /// <summary>
    /// Asks OpenAI to send a test event, and returns the status that OpenAI got; null if it got no response.
    /// </summary>
    public async Task<int?> TestAsync(string id, string type, CancellationToken cancellationToken)
    {
        var result = await SendAsync(
            HttpMethod.Post,
            $"webhook_endpoints/{Uri.EscapeDataString(id)}/test",
            new JsonObject { ["event_type"] = type },
            cancellationToken);
        return int.TryParse(
            result["status_code"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            && status > 0
            ? status
            : null;
    }

    /// <summary>The types this project can subscribe to.</summary>
    public async Task<IReadOnlyList<string>> TypesAsync(CancellationToken cancellationToken)
    {
        var response = await SendAsync(HttpMethod.Get, "webhook_event_types", body: null, cancellationToken);
        return [.. (response["data"] as JsonArray ?? []).Select(type => type?.ToString() ?? "")];
    }

    public void Dispose() => _client.Dispose();

    // OpenAI's message may contain a part of the key.
    private static string Message(string text)
    {
        try
        {
            return JsonNode.Parse(text)?["error"]?["message"]?.ToString() is { Length: > 0 } message
                ? $" ({KeyPattern().Replace(message, "sk-…").TrimEnd('.')})"
                : "";
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"sk-\S+")]
    private static partial Regex KeyPattern();

    private async Task<JsonObject> SendAsync(
        HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline);
        try
        {
            using var response = await _client.SendAsync(request, linked.Token);
            Time = response.Headers.Date ?? Time;
            if (method == HttpMethod.Delete && response.StatusCode == HttpStatusCode.NotFound)
            {
                return [];
            }

            string text = await response.Content.ReadAsStringAsync(linked.Token);
            if (response.IsSuccessStatusCode)
            {
                return text.Length == 0
                    ? []
                    : JsonNode.Parse(text) as JsonObject ?? throw new System.Text.Json.JsonException();
            }

            throw new ToolException(
                $"OpenAI's API responded to {method} /{path.Split('?')[0]} with "
                + $"{(int)response.StatusCode}{Message(text)}.",
                (int)response.StatusCode switch
                {
                    401 => "The API key is not valid. Check the environment variable that contains it.",
                    403 => "The API key has no permission to manage webhooks. "
                        + "Use a key of the same project that has it.",
                    404 => "Check --api-url, and check that the API key belongs to the endpoint's project.",
                    429 => "Wait, and check the project's rate limits and credit.",
                    >= 500 => "The error is at OpenAI. Try again later.",
                    _ => "",
                },
                response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);
        }
        catch (System.Text.Json.JsonException)
        {
            throw new ToolException(
                $"The response from {_address} is not JSON.", "Check --api-url, and any proxies in between.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                $"OpenAI's API at {_address} did not respond in time.",
                "Check the network, and try again.");
        }
        catch (HttpRequestException exception)
        {
            throw new ToolException(
                $"OpenAI's API at {_address} cannot be reached ({(exception.InnerException ?? exception).Message}).",
                "Check the network, and --api-url.");
        }
    }
}
