using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.AspNetCore.Tests;

/// <summary>Other people's middleware in front of the endpoints.</summary>
public class MiddlewareTests
{
    [Theory]
    [InlineData(TestApp.Path)]
    [InlineData("/unwrapped")]
    public async Task A_host_that_splits_headers_at_their_commas_receives_deliveries_all_the_same(string path)
    {
        await using var app = await StartBehindAsync((context, next) =>
        {
            foreach (var (name, value) in context.Request.Headers)
            {
                context.Request.Headers[name] = value.ToString().Split(',');
            }

            return next();
        });

        (await app.SendAsync(TestApp.Sign(), path)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), path)).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);
    }

    public static TheoryData<string> UnfinishedReads { get; } =
        ["in the middle of a read", "completed", "disposed", "closed"];

    [Theory, MemberData(nameof(UnfinishedReads))]
    public async Task A_body_that_middleware_left_unfinished_is_400_and_the_log_says_so(string how)
    {
        // Kestrel may close the connection after the response, so each request has a server of its own.
        await using var app = await StartBehindAsync(LeaveUnfinishedAsync);
        await using var unwrapping = await StartBehindAsync(LeaveUnfinishedAsync);

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await unwrapping.SendAsync(TestApp.Sign(), "/unwrapped")).StatusCode.Should().Be(HttpStatusCode.BadRequest);

        app.Log.Where(entry => entry.Level == LogLevel.Warning).Should().ContainSingle()
            .Which.Message.Should().Contain("something read it first").And
            .Contain("must not dispose it or complete its BodyReader");

        async Task LeaveUnfinishedAsync(HttpContext context, Func<Task> next)
        {
            switch (how)
            {
                case "in the middle of a read":
                    await context.Request.BodyReader.ReadAsync();
                    break;
                case "completed":
                    await context.Request.BodyReader.CompleteAsync();
                    break;
                case "disposed":
                    context.Request.EnableBuffering();
                    await context.Request.Body.DisposeAsync();
                    break;
                default:
                    context.Request.Body = new MemoryStream();
                    context.Request.Body.Close();
                    break;
            }

            await next();
        }
    }

    private static Task<TestApp> StartBehindAsync(Func<HttpContext, Func<Task>, Task> middleware) => TestApp.StartAsync(
        builder => builder.Services.AddOpenAIWebhooks(),
        app =>
        {
            app.Use(middleware);
            app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            app.MapPost("/unwrapped", async (HttpRequest request) =>
            {
                try
                {
                    await request.UnwrapOpenAIWebhookAsync();
                    return StatusCodes.Status200OK;
                }
                catch (InvalidWebhookSignatureException)
                {
                    return StatusCodes.Status400BadRequest;
                }
                catch (BadHttpRequestException exception)
                {
                    return exception.StatusCode;
                }
            }).AddEndpointFilter(async (context, next) => Results.StatusCode((int)(await next(context))!));
        });

    [Theory]
    [InlineData(TestApp.Path)]
    [InlineData("/unwrapped")]
    public async Task A_body_that_was_buffered_and_not_rewound_is_rewound(string path)
    {
        await using var app = await StartAsync(async (context, next) =>
        {
            context.Request.EnableBuffering();
            using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
            await reader.ReadToEndAsync();
            await next(context);
        });

        (await app.SendAsync(TestApp.Sign(), path)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(100_000)), path)).StatusCode
            .Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(300_000)), path)).StatusCode
            .Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData(TestApp.Path, false)]
    [InlineData(TestApp.Path, true)]
    [InlineData("/unwrapped", false)]
    [InlineData("/unwrapped", true)]
    public async Task A_body_that_was_read_and_cannot_be_rewound_is_refused_with_the_true_reason(
        string path, bool chunked)
    {
        await using var app = await StartAsync(async (context, next) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await next(context);
        });

        using var answer = await app.SendAsync(TestApp.Sign(), path, chunked);

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning)
            .Which.Message.Should().Contain("is incomplete because something read it first").And.NotContain("secret");
    }

    [Theory]
    [InlineData(TestApp.Path, false)]
    [InlineData(TestApp.Path, true)]
    [InlineData("/unwrapped", false)]
    [InlineData("/unwrapped", true)]
    public async Task A_body_of_which_a_part_was_read_is_refused_with_the_true_reason(string path, bool chunked)
    {
        await using var app = await StartAsync(async (context, next) =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[10]);
            await next(context);
        });

        (await app.SendAsync(TestApp.Sign(), path, chunked)).StatusCode.Should().Be(HttpStatusCode.BadRequest);

        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning)
            .Which.Message.Should().Contain("is incomplete because something read it first").And.NotContain("secret");
    }

    [Fact]
    public async Task A_body_that_the_applications_own_timeout_does_not_wait_for_is_answered_by_its_middleware()
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartWithTimeoutAsync((_, _) => Task.CompletedTask, metrics);
        using var socket = await app.ConnectAsync();
        using var reader = new StreamReader(socket.GetStream());

        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST {TestApp.Path} HTTP/1.1\r\nHost: "
            + $"x\r\nContent-Length: 500\r\nConnection: close\r\n{TestApp.Lines(TestApp.Sign())}\r\n{{"));

        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 504 Gateway Timeout");
        await socket.GetStream().WriteAsync(new byte[499]);
        await reader.ReadToEndAsync();
        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=aborted");
        app.Log.Should().NotContain(entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [InlineData(1000, true, HttpStatusCode.OK)]
    [InlineData(1000, false, HttpStatusCode.OK)]
    [InlineData(1001, true, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(1001, false, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_that_comes_in_small_pieces_is_measured_as_a_whole(
        int length, bool canSeek, HttpStatusCode expected)
    {
        var signed = TestApp.Sign(TestApp.Payload.PadRight(length));
        await using var app = await StartAsync(
            (context, next) =>
            {
                context.Request.ContentLength = null;
                context.Request.Body = new Pieces(signed.GetPayload().ToArray(), 100, canSeek);
                return next(context);
            },
            maxBodyBytes: 1000);

        (await app.SendAsync(signed)).StatusCode.Should().Be(expected);
    }

    [Theory]
    [InlineData(1000, HttpStatusCode.OK)]
    [InlineData(1001, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_whose_end_comes_with_its_bytes_is_measured_too(int length, HttpStatusCode expected)
    {
        var signed = TestApp.Sign(TestApp.Payload.PadRight(length));
        await using var app = await StartAsync(
            (context, next) =>
            {
                context.Request.ContentLength = null;
                context.Features.Set<IRequestBodyPipeFeature>(new AtOnce(signed.GetPayload()));
                return next(context);
            },
            maxBodyBytes: 1000);

        (await app.SendAsync(signed)).StatusCode.Should().Be(expected);
    }

    [Fact]
    public async Task A_body_that_calls_itself_too_long_is_not_looked_at()
    {
        await using var app = await StartAsync(
            (context, next) =>
            {
                context.Request.Body = new Failing(new InvalidOperationException("read"));
                return next(context);
            },
            maxBodyBytes: 1000);

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(1001)))).StatusCode
            .Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    public static TheoryData<string, Exception, int, int, string> Failures { get; } = new()
    {
        { "the server's limit", new BadHttpRequestException(
            "too long", 413), 413, 413, "The webhook's body is over the limit." },
        { "the server's patience", new BadHttpRequestException("too slow", 408), 408, 408, "too slow" },
        { "a connection", new ConnectionResetException("reset"), 499, 400, "The webhook's body did not arrive." },
        { "a buffer's limit", new IOException("Buffer limit exceeded."), 400, 400, "The webhook's body cannot be read "
            + "(System.IO.IOException): it is not encoded as its headers say, or it exceeds the limit of middleware "
            + "that runs before this endpoint." },
        { "a decoder", new InvalidDataException("no gzip"), 400, 400, "The webhook's body cannot be read "
            + "(System.IO.InvalidDataException): it is not encoded as its headers say, or it exceeds the limit of "
            + "middleware that runs before this endpoint." },
        { "somebody else's timeout", new OperationCanceledException(), 400, 400, "The webhook's body cannot be read "
            + "(System.OperationCanceledException): it is not encoded as its headers say, or it exceeds the limit of "
            + "middleware that runs before this endpoint." },
    };

    [Fact]
    public async Task UnwrapOpenAIWebhookAsync_refuses_what_it_can_before_it_reads_a_body()
    {
        await using var app = await TestApp.StartAsync();
        var request = new DefaultHttpContext { RequestServices = app.Services }.Request;
        request.Body = new Failing(new InvalidOperationException("read"));

        (await FluentActions.Awaiting(() =>
            request.UnwrapOpenAIWebhookAsync()).Should().ThrowAsync<InvalidWebhookSignatureException>())
            .Which.Failure.Should().Be(WebhookVerificationFailure.MissingId);
    }

    [Fact]
    public async Task A_stream_that_fails_in_its_own_way_because_the_sender_has_left_is_no_malformed_body()
    {
        using var sender = new CancellationTokenSource();
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            },
            app =>
            {
                app.Use((context, next) =>
                {
                    context.RequestAborted = sender.Token;
                    context.Request.Body = new Failing(new IOException("reset by the peer"), sender.Cancel);
                    return next(context);
                });
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            });

        ((int)(await app.SendAsync(TestApp.Sign())).StatusCode).Should().Be(499);

        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=aborted");
    }

    [Fact]
    public async Task Pages_for_status_codes_are_not_for_the_endpoint()
    {
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app =>
            {
                app.UseStatusCodePagesWithRedirects("/error");
                app.UseRouting();
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => throw new InvalidOperationException("on purpose"));
            });

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        (await app.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode
            .Should().Be(HttpStatusCode.BadRequest);
    }

    [Theory, MemberData(nameof(Failures))]
    public async Task A_body_that_fails_is_answered_by_what_it_fails_of(
        string of, Exception failure, int answered, int thrown, string message)
    {
        await using var app = await StartAsync((context, next) =>
        {
            context.Request.Body = new Failing(failure);
            return next(context);
        });

        ((int)(await app.SendAsync(TestApp.Sign())).StatusCode).Should().Be(answered, of);
        ((int)(await app.SendAsync(TestApp.Sign(), "/unwrapped")).StatusCode).Should().Be(thrown, of);
        app.Log.Last().Message.Should().Be(message);
    }

    [Fact]
    public async Task A_request_that_has_no_body_is_not_said_to_have_been_read_before()
    {
        await using var app = await TestApp.StartAsync();
        using var socket = await app.ConnectAsync();
        using var reader = new StreamReader(socket.GetStream());

        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"POST {TestApp.Path} HTTP/1.1\r\nHost: "
            + $"x\r\n{TestApp.Lines(TestApp.Sign(""))}\r\n"));

        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 400 Bad Request");
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message
            .Should().Contain("$ is empty");
    }

    [Fact]
    public async Task A_body_that_was_looked_at_and_left_is_verified()
    {
        await using var app = await StartAsync(async (context, next) =>
        {
            var read = await context.Request.BodyReader.ReadAsync();
            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            await next(context);
        });

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_handler_that_the_applications_own_timeout_cancels_has_failed()
    {
        await using var app = await TestApp.StartWithTimeoutAsync((_, token) => Task.Delay(Timeout.Infinite, token));

        using var answer = await app.SendAsync(TestApp.Sign());

        ((int)answer.StatusCode).Should().BeInRange(500, 504);
        app.Log.Should().ContainSingle(
            entry => entry.Level == LogLevel.Error && entry.Exception is OperationCanceledException)
            .Which.Message.Should().Contain("A handler failed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kestrels_lower_limit_is_counted_and_logged_as_too_large(bool chunked)
    {
        using var metrics = new Metrics();
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks();
            builder.Services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(metrics);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 1000);
        });

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(2000)), chunked: chunked)).StatusCode
            .Should().Be(HttpStatusCode.RequestEntityTooLarge);

        metrics.Of("openai.webhook.deliveries").Should().Equal("1 openai.webhook.outcome=too_large");
        app.Log.Should().ContainSingle(entry => entry.Level == LogLevel.Warning).Which.Message
            .Should().Contain("over the server's own limit");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kestrels_lower_limit_gives_way_to_one_that_was_asked_for(bool chunked)
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = 3000);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 1000);
        });

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(3000)), chunked: chunked)).StatusCode
            .Should().Be(HttpStatusCode.OK);
        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(3001)), chunked: chunked)).StatusCode
            .Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(int.MaxValue)]
    public async Task Kestrel_counts_the_framing_of_chunks_as_well_and_still_gives_way(int maxBodyBytes)
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = maxBodyBytes);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 1000);
        });
        var signed = TestApp.Sign(TestApp.Payload.PadRight(3000));
        string chunks = string.Concat(
            Encoding.UTF8.GetString(signed.GetPayload().Span).Chunk(10)
                .Select(chunk => $"a\r\n{new string(chunk)}\r\n"));
        using var socket = await app.ConnectAsync();
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {TestApp.Path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
            + $"chunked\r\n{TestApp.Lines(signed)}\r\n{chunks}0\r\n\r\n"));

        using var reader = new StreamReader(socket.GetStream());
        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 200 OK");
    }

    [Theory]
    [InlineData("80000000")]
    [InlineData("zz")]
    public async Task A_chunk_whose_size_is_malformed_is_400(string size)
    {
        await using var app = await TestApp.StartAsync(builder => builder.Services.AddOpenAIWebhooks());
        using var socket = await app.ConnectAsync();
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST {TestApp.Path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            + $"{TestApp.Lines(TestApp.Sign())}\r\n{size}\r\n{TestApp.Payload}\r\n0\r\n\r\n"));

        using var reader = new StreamReader(socket.GetStream());
        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 400 Bad Request");
    }

    [Fact]
    public async Task A_handler_that_has_written_the_answer_itself_is_no_unhandled_exception()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddHttpContextAccessor();
            },
            app => app.MapOpenAIWebhooks(TestApp.Path, async (delivery, token) =>
            {
                var response = app.Services.GetRequiredService<IHttpContextAccessor>().HttpContext!.Response;
                await response.WriteAsync(delivery.WebhookId, token);
                await response.Body.FlushAsync(token);
                if (delivery.Event is BatchFailedWebhookEvent)
                {
                    throw new InvalidOperationException("too late to answer 500");
                }
            }));

        using var answer = await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        (await answer.Content.ReadAsStringAsync()).Should().Be("wh_1");
        app.Log.Should().NotContain(entry => entry.Level >= LogLevel.Warning);

        await FluentActions.Awaiting(
            () => app.SendAsync(TestApp.Sign(TestApp.Payload.Replace("response.completed", "batch.failed"))))
            .Should().ThrowAsync<HttpRequestException>("an answer that has begun as a success is broken off");
        app.Log.Should().ContainSingle(entry => entry.Level >= LogLevel.Warning).Which.Message
            .Should().Contain("A handler failed");
    }

    [Fact]
    public async Task Exceptions_of_handlers_do_not_reach_the_exception_handler()
    {
        bool isReached = false;
        await using var app = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app =>
            {
                app.UseExceptionHandler(new ExceptionHandlerOptions
                {
                    ExceptionHandler = _ =>
                    {
                        isReached = true;
                        return Task.CompletedTask;
                    },
                });
                app.MapOpenAIWebhooks(TestApp.Path, (_, _) => throw new InvalidOperationException());
            });

        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.InternalServerError);

        isReached.Should().BeFalse();
    }

    [Fact]
    public async Task The_READMEs_controller_behind_an_exception_handler_answers_413_to_a_long_body()
    {
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Nothing>();
                builder.Services.AddControllers().AddApplicationPart(typeof(OpenAIController).Assembly);
            },
            app =>
            {
                app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = _ => Task.CompletedTask });
                app.MapControllers();
            });

        (await app.SendAsync(TestApp.Sign(TestApp.Payload.PadRight(300_000)))).StatusCode
            .Should().Be(HttpStatusCode.RequestEntityTooLarge);
        (await app.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private static Task<TestApp> StartAsync(
        Func<HttpContext, RequestDelegate, Task> middleware, int maxBodyBytes = 256 * 1024)
        => TestApp.StartAsync(
        builder => builder.Services.AddOpenAIWebhooks(options => options.MaxBodyBytes = maxBodyBytes),
        app =>
        {
            app.Use(middleware);
            app.MapOpenAIWebhooks(TestApp.Path, (_, _) => Task.CompletedTask);
            app.MapPost("/unwrapped", async (HttpContext context, ILoggerFactory loggers) =>
            {
                try
                {
                    await context.Request.UnwrapOpenAIWebhookAsync();
                    return Results.Ok();
                }
                catch (BadHttpRequestException exception)
                {
                    loggers.CreateLogger("test").LogWarning("{Message}", exception.Message);
                    return Results.StatusCode(exception.StatusCode);
                }
            });
        });

    private sealed class AtOnce(ReadOnlyMemory<byte> body) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(body));
    }

    private sealed class Failing(Exception failure, Action? before = null) : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            before?.Invoke();
            throw failure;
        }
    }
}
