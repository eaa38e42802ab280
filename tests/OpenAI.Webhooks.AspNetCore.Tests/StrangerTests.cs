using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>What anybody may send to an endpoint that is open to the world.</summary>
public class StrangerTests
{
    [Theory]
    [InlineData("webhook-id", null, "its webhook-id header is missing")]
    [InlineData("webhook-signature", "  ", "its webhook-signature header is missing")]
    [InlineData("webhook-timestamp", "now", "is not a number")]
    [InlineData("webhook-timestamp", "1750861210", "older than the tolerance")]
    public async Task What_headers_alone_refuse_is_refused_before_the_body(string name, string? value, string reason)
    {
        await using var app = await TestApp.StartAsync();
        var headers = TestApp.Sign().Headers.ToDictionary();
        headers.Remove(name);
        if (value is not null)
        {
            headers[name] = value;
        }

        using var socket = await app.ConnectAsync();
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {TestApp.Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: "
            + $"100-continue\r\n{string.Concat(headers.Select(header => $"{header.Key}: {header.Value}\r\n"))}\r\n"));
        using var reader = new StreamReader(socket.GetStream());

        (await reader.ReadLineAsync())
            .Should().Be("HTTP/1.1 400 Bad Request", "nobody asked for the body, let alone waited for it");
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message.Should().Contain(reason);
    }

    [Fact]
    public async Task A_request_without_an_id_is_refused_in_these_words()
    {
        await using var app = await TestApp.StartAsync();

        await app.SendAsync(TestApp.Sign().GetPayload(), []);

        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message
            .Should().Be("Rejected a webhook (claimed id (none)). The webhook could not be verified: its webhook-id "
                + "header is missing or blank. Check that proxies forward it. If they do, the request is not "
                + "from OpenAI.");
    }

    [Fact]
    public async Task Expect_continue_of_a_plausible_delivery_is_answered()
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign();
        using var socket = await app.ConnectAsync();
        var stream = socket.GetStream();
        using var reader = new StreamReader(stream);

        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST {TestApp.Path} HTTP/1.1\r\nHost: x\r\nContent-Length: "
            + $"{signed.GetPayload().Length}\r\nExpect: 100-continue\r\n{TestApp.Lines(signed)}\r\n"));
        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 100 Continue");
        await reader.ReadLineAsync();
        await stream.WriteAsync(signed.GetPayload());

        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 200 OK");
    }

    [Theory]
    [InlineData("wh_good-1.x~", "(claimed id wh_good-1.x~).")]
    [InlineData("wh\u001b[31mred", "(claimed id (not printable))")]
    [InlineData("wh two", "(claimed id (not printable))")]
    [InlineData("wh_é", "(claimed id (not printable))")]
    [InlineData("wh_\u2028", "(claimed id (not printable))")]
    [InlineData("wh_\u007f", "(claimed id (not printable))")]
    public async Task An_id_goes_into_the_log_only_if_it_is_printable(string id, string logged)
    {
        await using var app = await TestApp.StartAsync();
        var signed = TestApp.Sign(secret: TestApp.OtherSecret, webhookId: id);

        (await app.SendRawAsync(TestApp.Lines(signed), TestApp.Payload)).Should().Be("HTTP/1.1 400 Bad Request");

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message
            .Should().Contain(logged).And.MatchRegex("^[ -~]*$");
    }

    [Theory]
    [InlineData(100, "(claimed id xxx")]
    [InlineData(101, "(claimed id (101 characters))")]
    public async Task An_id_goes_into_the_log_only_if_it_is_of_sensible_length(int length, string logged)
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 10));

        await app.SendAsync(TestApp.Sign(webhookId: new string('x', length)));

        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message.Should().Contain(logged);
    }

    [Theory]
    [InlineData("too long")]
    [InlineData("read before")]
    public async Task Requests_that_nobody_has_signed_write_few_lines_and_no_ids_whatever_is_wrong_with_them(string how)
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks("small", options =>
            {
                options.Secrets.Add(TestApp.Secret);
                options.MaxBodyBytes = how == "too long" ? 10 : 1000;
            }),
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await (how == "read before" ? context.Request.Body.CopyToAsync(Stream.Null) : Task.CompletedTask);
                    await next(context);
                });
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask, "small");
            });

        for (int i = 0; i < 12; i++)
        {
            await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret, webhookId: new string('x', 1000)));
        }

        app.Log.Should().HaveCount(10).And.OnlyContain(
            entry => entry.Message.Contains("(claimed id (1000 characters))"));
        app.Log.Should().OnlyContain(
            entry => entry.Message.Contains(
                how == "too long" ? "10 bytes (OpenAI:Webhooks:small:MaxBodyBytes)" : "something read it first"));
    }

    [Fact]
    public async Task A_flood_of_forgeries_writes_few_lines_says_how_many_were_left_out_and_counts_all()
    {
        var clock = new StoppedClock();
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
        });
        var forged = new WebhookSigner(TestApp.OtherSecret, clock).Sign(TestApp.Payload);

        for (int i = 0; i < 500; i++)
        {
            (await app.SendAsync(forged)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        }

        app.Log.Should().HaveCount(10);
        metrics.Of("openai.webhook.deliveries").Should().HaveCount(500);

        clock.Advance(TimeSpan.FromMinutes(1));
        await app.SendAsync(forged);
        await app.SendAsync(forged);

        app.Log.Should().HaveCount(12);
        app.Log.ElementAt(10).Message.Should().EndWith(". 490 earlier rejections were not logged.");
        app.Log.ElementAt(11).Message.Should().EndWith("something else read the body first.");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Garbage_that_calls_itself_compressed_is_400(string encoding)
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddRequestDecompression();
            },
            app =>
            {
                app.UseRequestDecompression();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            });
        var signed = TestApp.Sign("this is not compressed at all, and long enough to be looked at");

        string status = await app.SendRawAsync(
            $"Content-Encoding: {encoding}\r\n{TestApp.Lines(signed)}",
            Encoding.UTF8.GetString(signed.GetPayload().Span));

        status.Should().Be("HTTP/1.1 400 Bad Request");
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message
            .Should().Contain("it is not encoded as its headers say");
    }

    [Fact]
    public async Task A_compressed_body_is_verified_as_it_was_signed()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddRequestDecompression();
            },
            app =>
            {
                app.UseRequestDecompression();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            });
        var signed = TestApp.Sign();
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(signed.GetPayload().Span);
        }

        using var request = signed.ToRequest(new Uri(app.Address, TestApp.Path));
        request.Content = new ByteArrayContent(compressed.ToArray());
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var client = new HttpClient();

        (await client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(256 * 1024, HttpStatusCode.OK)]
    [InlineData((256 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task The_limit_of_a_body_is_256_KiB_unless_set(int length, HttpStatusCode expected)
    {
        await using var app = await TestApp.StartAsync();

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(length)))).StatusCode.Should().Be(expected);
        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(length)), chunked: true)).StatusCode
            .Should().Be(expected);
    }

    [Theory]
    [InlineData(-290, HttpStatusCode.OK)]
    [InlineData(-310, HttpStatusCode.BadRequest)]
    [InlineData(290, HttpStatusCode.OK)]
    [InlineData(310, HttpStatusCode.BadRequest)]
    public async Task The_tolerance_is_5_minutes_unless_set(int seconds, HttpStatusCode expected)
    {
        var clock = new StoppedClock();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<TimeProvider>(clock);
        });
        var signed = new WebhookSigner(TestApp.Secret, clock).Sign(TestApp.Payload);

        clock.Advance(TimeSpan.FromSeconds(-seconds));

        (await app.SendAsync(signed)).StatusCode.Should().Be(expected);
    }

    [Fact]
    public async Task Thousands_of_bytes_over_the_limit_in_many_pieces_are_413()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 10_000));
        using var socket = await app.ConnectAsync();
        var stream = socket.GetStream();
        using var reader = new StreamReader(stream);
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST {TestApp.Path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
            + $"chunked\r\n{TestApp.Lines(TestApp.Sign())}\r\n"));

        // 101 pieces of 100 bytes; the end comes together with the last.
        string piece = "64\r\n" + new string(' ', 100) + "\r\n";
        for (int i = 0; i < 100; i++)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(piece));
            await Task.Yield();
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(piece + "0\r\n\r\n"));

        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 413 Payload Too Large");
    }
}
