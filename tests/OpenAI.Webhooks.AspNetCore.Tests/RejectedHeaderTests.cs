using System.Net;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>A rejected request's response says why, as far as that says nothing about the secret.</summary>
public class RejectedHeaderTests
{
    private const string Name = "webhook-rejected";

    private static readonly string Now = $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}";

    public static TheoryData<string?, string?, string?, string?> Headers => new()
    {
        { null, Now, "v1,x", "missing_id" },
        { "wh_1", null, "v1,x", "missing_timestamp" },
        { "wh_1", Now, null, "missing_signature" },
        { "wh_1", "soon", "v1,x", "invalid_timestamp" },
        { "wh_1", "1", "v1,x", null },
        { "wh_1", "253402300799", "v1,x", null },
        { "wh_1", Now, "v1,x", null },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Names_what_is_wrong_with_the_headers_and_nothing_about_the_signature(
        string? id, string? timestamp, string? signature, string? expected)
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.SendAsync("{}"u8.ToArray(), new Dictionary<string, string?>
        {
            [WebhookHeaders.IdName] = id,
            [WebhookHeaders.TimestampName] = timestamp,
            [WebhookHeaders.SignatureName] = signature,
        }.Where(header => header.Value is not null)!);

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        Rejected(answer).Should().Equal(expected is null ? [] : [expected]);
    }

    [Fact]
    public async Task Names_a_repeated_header()
    {
        await using var app = await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks(), app =>
        {
            app.Use((HttpContext context, RequestDelegate next) =>
            {
                context.Request.Headers.Append(WebhookHeaders.IdName, "wh_2");
                return next(context);
            });
            app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
        });

        using var answer = await app.SendAsync(TestApp.Sign());

        Rejected(answer).Should().Equal("repeated_id");
    }

    [Fact]
    public async Task Names_what_is_wrong_with_the_body()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 1000),
            app =>
            {
                app.Use(async (HttpContext context, RequestDelegate next) =>
                {
                    if (context.Request.Path == "/read")
                    {
                        await context.Request.Body.CopyToAsync(Stream.Null);
                    }

                    await next(context);
                });
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
                app.MapOpenAIWebhooks("/read", (_, _) => Task.CompletedTask);
            });

        using var tooLarge = await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(1001)));
        using var read = await app.SendAsync(TestApp.Sign(), "/read");
        using var encoded = await app.SendAsync(
            TestApp.Sign().GetPayload(),
            [.. TestApp.Sign("{}").Headers.ToDictionary(), KeyValuePair.Create("Content-Encoding", "gzip")]);

        Rejected(tooLarge).Should().Equal("too_large");
        Rejected(read).Should().Equal("body_read_before");
        Rejected(encoded).Should().Equal("body_encoded");
    }

    [Fact]
    public async Task Is_not_there_for_a_delivery_that_is_handled_or_fails()
    {
        await using var app = await TestApp.StartAsync(
            handler: (delivery, _) => delivery.WebhookId == "wh_1" ? Task.CompletedTask : throw new TimeoutException());

        using var handled = await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        using var failed = await app.SendAsync(TestApp.Sign(webhookId: "wh_2"));

        (handled.StatusCode, failed.StatusCode).Should().Be((HttpStatusCode.OK, HttpStatusCode.InternalServerError));
        Rejected(handled).Concat(Rejected(failed)).Should().BeEmpty();
    }

    private static IEnumerable<string> Rejected(HttpResponseMessage answer)
        => answer.Headers.TryGetValues(Name, out var values) ? values : [];
}
