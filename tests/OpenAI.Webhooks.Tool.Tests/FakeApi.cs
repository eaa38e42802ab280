using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.Tool.Tests;

/// <summary>OpenAI's API for webhook endpoints, as far as the tool uses it, on the loopback.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private TestApp? _app;

    public string Url => _app!.Address.ToString();

    /// <summary>The endpoints by id.</summary>
    public ConcurrentDictionary<string, JsonObject> Endpoints { get; } = new();

    /// <summary>What OpenAI gets when it sends a test event; by default it signs and sends one.</summary>
    public Func<JsonObject, string, Task<int?>> Test { get; set; } = SendAsync;

    public bool IsDeletingBroken { get; set; }

    public bool IsCreatingBroken { get; set; }

    /// <summary>The bodies of requests to rotate a secret.</summary>
    public ConcurrentQueue<string> Rotations { get; } = new();

    public static async Task<FakeApi> StartAsync()
    {
        var api = new FakeApi();
        api._app = await TestApp.StartAsync(_ => { }, api.Map);
        return api;
    }

    public JsonObject Add(string url, string secret = TestApp.Secret, string name = "mine", params string[] types)
    {
        string id = $"we_{Endpoints.Count + 1}_{Guid.NewGuid():N}";
        return Endpoints[id] = new JsonObject
        {
            ["id"] = id,
            ["object"] = "webhook_endpoint",
            ["name"] = name,
            ["url"] = url,
            ["event_types"] = new JsonArray([.. types.Select(type => JsonValue.Create(type))]),
            ["created_at"] = 1750861210,
            ["signing_secret_hint"] = $"whsec_****{secret[^4..]}",
        };
    }

    public async ValueTask DisposeAsync() => await _app!.DisposeAsync();

    private void Map(WebApplication app)
    {
        app.Use((context, next) =>
        {
            if (context.Request.Headers.Authorization != $"Bearer {ToolRun.Key}")
            {
                context.Response.StatusCode = 401;
                return Task.CompletedTask;
            }

            return next(context);
        });
        app.MapGet("/webhook_endpoints", (string? after) => Json(Page(after)));
        app.MapPost("/webhook_endpoints/{id}/rotate_secret", async (string id, HttpRequest request) =>
        {
            Rotations.Enqueue(await new StreamReader(request.Body).ReadToEndAsync());
            var endpoint = Endpoints[id].DeepClone();
            endpoint["signing_secret"] = TestApp.OtherSecret;
            return Json(endpoint);
        });
        app.MapPost("/webhook_endpoints/{id}", async (string id, HttpRequest request) =>
        {
            Endpoints[id]["event_types"] = (await JsonNode.ParseAsync(request.Body))!["event_types"]!.DeepClone();
            return Json(Endpoints[id].DeepClone());
        });
        app.MapPost("/webhook_endpoints", async (HttpRequest request) =>
        {
            if (IsCreatingBroken)
            {
                return Results.StatusCode(500);
            }

            var body = (await JsonNode.ParseAsync(request.Body))!;
            var endpoint = Add(
                body["url"]!.ToString(),
                secret: TestApp.Secret,
                name: body["name"]!.ToString(),
                [.. body["event_types"]!.AsArray().Select(type => type!.ToString())]);
            endpoint["signing_secret"] = TestApp.Secret;
            return Json(endpoint.DeepClone());
        });
        app.MapDelete(
            "/webhook_endpoints/{id}",
            (string id) => IsDeletingBroken
                ? Results.StatusCode(500)
                : Endpoints.TryRemove(id, out _)
                ? Results.Ok()
                : Results.NotFound());
        app.MapPost("/webhook_endpoints/{id}/test", async (string id, HttpRequest request) =>
        {
            var body = (await JsonNode.ParseAsync(request.Body))!;
            int? status = await Test(Endpoints[id], body["event_type"]!.ToString());
            return Json(new JsonObject
            {
                ["object"] = "webhook_endpoint.test",
                ["status_code"] = status,
                ["success"] = true,
            });
        });
        app.MapGet("/webhook_event_types", () => Json(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray("response.completed", "batch.completed"),
        }));
    }

    private static async Task<int?> SendAsync(JsonObject endpoint, string type)
    {
        using var client = new HttpClient();
        using var request = new WebhookSigner(
            endpoint["signing_secret_hint"]!.ToString().EndsWith(TestApp.Secret[^4..], StringComparison.Ordinal)
                ? TestApp.Secret
                : TestApp.OtherSecret)
            .Sign(SampleEvents.Create(type, DateTimeOffset.UtcNow)).ToRequest(endpoint["url"]!.ToString());
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    // Pages of one, so that paging is tried.
    private JsonObject Page(string? after)
    {
        var rest = Endpoints.OrderBy(endpoint => endpoint.Key, StringComparer.Ordinal).SkipWhile(
            endpoint => after is not null && string.CompareOrdinal(endpoint.Key, after) <= 0).ToList();
        return new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. rest.Take(1).Select(endpoint => endpoint.Value.DeepClone())]),
            ["last_id"] = rest.Select(endpoint => endpoint.Key).FirstOrDefault(),
            ["has_more"] = rest.Count > 1,
        };
    }

    private static IResult Json(JsonNode node) => Results.Text(node.ToJsonString(), "application/json");
}
