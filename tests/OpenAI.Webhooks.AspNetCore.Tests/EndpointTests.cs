using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>The HTTP outcomes, each over a real connection.</summary>
public class EndpointTests
{
    [Fact]
    public async Task Post_good_delivery_is_handled_and_answered_200()
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();

        using var answer = await app.SendAsync(signed);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var delivery = app.Deliveries.Should().ContainSingle().Subject;
        delivery.Event.Should().BeOfType<ResponseCompletedWebhookEvent>().Which.Data.Id.Should().Be("resp_123");
        delivery.WebhookId.Should().Be(signed.Headers.Id);
        delivery.GetPayload().ToArray().Should().Equal(signed.GetPayload().ToArray());
    }

    [Fact]
    public async Task Post_answers_after_the_handler_has_finished()
    {
        var release = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(handler: (_, _) => release.Task);

        var answer = app.SendAsync(TestApp.Sign());
        var first = await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(200)));

        first.Should().NotBe(answer);
        release.SetResult();
        (await answer).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Post_unknown_type_is_handled_like_any_other()
    {
        await using var app = await TestApp.StartAsync();

        using var answer =
            await app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "video.rendered")));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        app.Deliveries.Should().ContainSingle().Which.Event.Should().BeOfType<UnknownWebhookEvent>();
    }

    [Theory]
    [InlineData("webhook-id")]
    [InlineData("webhook-timestamp")]
    [InlineData("webhook-signature")]
    public async Task Post_header_missing_is_400(string name)
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();

        using var answer = await app.SendAsync(
            signed.GetPayload(), signed.Headers.ToDictionary().Where(header => header.Key != name));

        await ShouldBeRefused(app, answer, $"its {name} header is missing or blank");
    }

    [Theory]
    [InlineData("webhook-id")]
    [InlineData("webhook-timestamp")]
    public async Task Post_header_repeated_is_400(string name)
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();
        var headers = signed.Headers.ToDictionary();
        var repeated = headers.Append(headers.Single(header => header.Key == name));

        string status = await app.SendRawAsync(
            string.Concat(repeated.Select(header => $"{header.Key}: {header.Value}\r\n")), TestApp.Payload);

        status.Should().Be("HTTP/1.1 400 Bad Request");
        app.Deliveries.Should().BeEmpty();
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message
            .Should().Contain($"its {name} header occurs more than once");
    }

    [Theory]
    [InlineData("webhook-id", "wh_other", "no signature matches")]
    [InlineData("webhook-timestamp", "yesterday", "not a number of Unix seconds")]
    [InlineData("webhook-timestamp", "1750861210", "older than the tolerance allows")]
    [InlineData("webhook-timestamp", "253402300799", "further in the future than the tolerance allows")]
    [InlineData("webhook-signature", "v1,gUAg4R2hWouRZqRQG4uJypNS8YK885G838+EHb4nKBY=", "no signature matches")]
    public async Task Post_header_wrong_is_400(string name, string value, string reason)
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();

        using var answer = await app.SendAsync(
            signed.GetPayload(), signed.Headers.ToDictionary()
                .Select(header => header.Key == name ? new(name, value) : header));

        await ShouldBeRefused(app, answer, reason);
    }

    [Fact]
    public async Task Post_body_changed_is_400()
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.SendAsync(
            Encoding.UTF8.GetBytes(TestApp.Payload.Replace("resp_123", "resp_124")),
            TestApp.Sign().Headers.ToDictionary());

        await ShouldBeRefused(app, answer, "no signature matches");
    }

    [Fact]
    public async Task Post_signed_by_another_is_400()
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret));

        await ShouldBeRefused(app, answer, "no signature matches");
    }

    [Fact]
    public async Task Post_forgery_with_a_very_long_id_does_not_fill_the_log()
    {
        await using var app = await TestApp.StartAsync();

        using var answer =
            await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret, webhookId: new string('x', 10_000)));

        await ShouldBeRefused(app, answer, "(claimed id (10000 characters)).");
        app.Log.Single(entry => entry.Level == LogLevel.Warning).Message.Length.Should().BeLessThan(1000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_body_over_the_limit_is_413(bool chunked)
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 1000));
        var signed = TestApp.Sign(TestApp.Payload.PadRight(1001));

        using var answer = await app.SendAsync(signed, chunked: chunked);

        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        app.Deliveries.Should().BeEmpty();
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message
            .Should().Contain("1000 bytes");
    }

    [Theory]
    [InlineData(1000, false)]
    [InlineData(1000, true)]
    [InlineData(300_000, true)]
    public async Task Post_body_up_to_the_limit_is_200(int length, bool chunked)
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = length));
        var signed = TestApp.Sign(TestApp.Payload.PadRight(length));

        using var answer = await app.SendAsync(signed, chunked: chunked);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        app.Deliveries.Should().ContainSingle().Which.GetPayload().Length.Should().Be(length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("""{"test": true}""")]
    [InlineData("""{"type": "response.completed", "id": "evt_1", "created_at": 1, "data": {"secret-of-a-user": 1}}""")]
    public async Task Post_signed_body_that_is_no_event_is_400(string body)
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.SendAsync(TestApp.Sign(body));

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).Should().BeEmpty();
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning)
            .Which.Should().Match<TestApp.LogEntry>(
                entry => entry.Level == LogLevel.Error && !entry.Message.Contains("secret-of-a-user"));
    }

    [Fact]
    public async Task Post_handler_throws_is_500_and_logged_once()
    {
        var problem = new InvalidOperationException("the database is away");
        await using var app = await TestApp.StartAsync(handler: (_, _) => throw problem);
        var signed = TestApp.Sign();

        using var answer = await app.SendAsync(signed);

        answer.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        (await answer.Content.ReadAsStringAsync()).Should().BeEmpty();
        var entry = app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Subject;
        entry.Exception.Should().BeSameAs(problem);
        entry.Message.Should().Contain(signed.Headers.Id).And.Contain("response.completed");
    }

    [Fact]
    public async Task Post_handler_times_out_by_itself_is_500()
    {
        await using var app = await TestApp.StartAsync(handler: (_, _) => throw new OperationCanceledException());

        using var answer = await app.SendAsync(TestApp.Sign());

        answer.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task Post_client_aborts_within_the_body_is_no_error()
    {
        await using var app = await TestApp.StartAsync();

        using (var socket = await app.ConnectAsync())
        {
            await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST {TestApp.Path} HTTP/1.1\r\nHost: "
                + $"x\r\nContent-Length: 500\r\n{TestApp.Lines(TestApp.Sign())}\r\n{{"));
        }

        await TestApp.Eventually(() => app.Log.Any(entry => entry.Message.Contains("did not arrive")));
        app.Log.Should().OnlyContain(entry => entry.Level < LogLevel.Warning);
        app.Deliveries.Should().BeEmpty();
    }

    [Fact]
    public async Task Get_is_405()
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.GetAsync();

        answer.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Post_chunked_body_is_200()
    {
        await using var app = await TestApp.StartAsync();

        using var answer = await app.SendAsync(TestApp.Sign(), chunked: true);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Post_two_secrets_during_rotation_takes_either()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.Secrets.Add(TestApp.OtherSecret)));

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Post_configuration_changed_while_running_goes_by_the_new_one()
    {
        await using var app = await TestApp.StartAsync();
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);

        app.Configuration["OpenAI:Webhooks:Secrets:0"] = TestApp.OtherSecret;
        app.Configuration.Reload();

        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private static async Task ShouldBeRefused(TestApp app, HttpResponseMessage answer, string reason)
    {
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).Should().BeEmpty();
        app.Deliveries.Should().BeEmpty();
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message.Should().Contain(reason);
    }
}
