using System.Text.Json.Nodes;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class OpenApiTests
{
    [Fact]
    public async Task The_mapped_endpoint_stays_out_of_the_document()
    {
        var document = await DescribeAsync(app =>
        {
            app.MapOpenAIWebhooks("/webhooks/openai", (_, _) => Task.CompletedTask);
            app.MapGet("/of-the-application", () => "");
        });

        document["paths"]!.AsObject().Select(path => path.Key).Should().Equal("/of-the-application");
    }

    [Fact]
    public async Task A_body_that_is_any_event_or_one_of_a_family_is_any_JSON()
    {
        var document = await DescribeAsync(app =>
        {
            app.MapPost("/any", (WebhookEvent any) => any.Id);
            app.MapPost("/family", (BatchWebhookEvent batch) => batch.Id);
        });

        var schemas = document["components"]!["schemas"]!.AsObject();
        schemas.Select(schema => schema.Key).Should().BeEquivalentTo(nameof(WebhookEvent), nameof(BatchWebhookEvent));
        schemas.SelectMany(schema => schema.Value!.AsObject()).Select(member => member.Key).Distinct()
            .Should().BeSubsetOf(["description"]);
    }

    private static async Task<JsonNode> DescribeAsync(Action<WebApplication> map)
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddOpenApi();
            },
            app =>
            {
                app.MapOpenApi();
                map(app);
            });
        using var answer = await testApp.GetAsync("/openapi/v1.json");
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
