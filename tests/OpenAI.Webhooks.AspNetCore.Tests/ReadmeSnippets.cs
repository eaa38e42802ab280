using System.ClientModel;
using System.ClientModel.Primitives;
using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.OpenApi;
using OpenTelemetry;

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class ReadmeSnippets
{
    [Fact]
    public async Task A_program()
    {
        using var console = new StringWriter();
        var Console = TextWriter.Synchronized(console);
        await using var program = await RunningProgram.StartAsync(args =>
        {
            #region README: a program
            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddOpenAIWebhooks();

            var app = builder.Build();
            app.MapOpenAIWebhooks("/webhooks/openai", (WebhookDelivery delivery, CancellationToken cancellationToken) =>
            {
                switch (delivery.Event)
                {
                    case ResponseCompletedWebhookEvent completed:    // one event
                        Console.WriteLine($"Fetch {completed.Data.Id}");
                        break;
                    case BatchWebhookEvent batch:                    // a family: batch.*
                        Console.WriteLine($"{batch.Data.Id}: {batch.Type}");
                        break;
                }

                return Task.CompletedTask;
            });
            app.Run();
            #endregion
        });

        using var client = new HttpClient();
        using var request = TestApp.Sign().ToRequest($"{program.Address}/webhooks/openai");
        (await client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
        console.ToString().Trim().Should().Be("Fetch resp_123");
    }

    [Fact]
    public async Task A_delegate_with_a_service()
    {
        var fetched = new ConcurrentQueue<string>();
        await using var testApp = await TestApp.StartAsync(
            builder => builder.Services.AddSingleton(new Orders(fetched)).AddOpenAIWebhooks(),
            app =>
            {
                #region README: a delegate with a service
                app.MapOpenAIWebhooks("/webhooks/openai", async (
                    WebhookDelivery delivery, Orders orders, CancellationToken cancellationToken) =>
                {
                    if (delivery.Event is ResponseCompletedWebhookEvent completed)
                    {
                        await orders.CompleteAsync(completed.Data.Id, cancellationToken);
                    }
                });
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        fetched.Should().Equal("resp_123");
    }

    private sealed class Orders(ConcurrentQueue<string> completed)
    {
        public Task CompleteAsync(string responseId, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            completed.Enqueue(responseId);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_permanent_failure()
    {
        await using var testApp = await TestApp.StartAsync(handler: (_, _) =>
        {
            try
            {
                throw new ClientResultException("not found", new Response404());
            }
            #region README: a permanent failure
            catch (ClientResultException exception) when (exception.Status == 404)
            {
                throw new PermanentWebhookFailureException("The response is gone.", exception);
            }
            #endregion
        });

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        testApp.Log.Should().Contain(entry => entry.Exception is PermanentWebhookFailureException);
    }

    [Fact]
    public async Task What_production_needs()
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                #region README: health
                builder.Services.AddHealthChecks().AddOpenAIWebhooks();
                #endregion

                #region README: OpenTelemetry
                builder.Services.AddOpenTelemetry().UseOtlpExporter()
                    .WithTracing(tracing => tracing.AddSource("OpenAI.Webhooks"))
                    .WithMetrics(metrics => metrics.AddMeter("OpenAI.Webhooks"));
                #endregion

                builder.Services.AddAuthorization();

                #region README: deduplication
                builder.Services.AddOpenAIWebhooks().AddDeduplication();
                #endregion

                #region README: a named registration
                builder.Services.AddOpenAIWebhooks("staging").AddHandler<BatchWebhookEvent, StagingBatches>();
                #endregion

                builder.Services.AddOpenAIWebhooks("staging", options => options.Secrets = [TestApp.Secret]);
                builder.Services.AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, FetchResponse>();
            },
            app =>
            {
                #region README: map health
                app.MapHealthChecks("/health/webhooks", new() { ResponseWriter = WebhookHealthResponse.WriteAsync });
                #endregion

                #region README: allow anonymous
                app.MapOpenAIWebhooks("/webhooks/openai").AllowAnonymous();
                #endregion

                #region README: map the name
                app.MapOpenAIWebhooks("/webhooks/staging", "staging");
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await testApp.SendAsync(TestApp.Sign(webhookId: "wh_1"))).StatusCode.Should().Be(HttpStatusCode.OK);
        (await testApp.SendAsync(TestApp.Sign(), "/webhooks/staging")).StatusCode.Should().Be(HttpStatusCode.OK);
        using var health = await testApp.GetAsync("/health/webhooks");

        (await health.Content.ReadAsStringAsync()).Should().Contain("staging.endpoints");
        testApp.Log.Count(entry => entry.Message == "Fetch resp_123").Should().Be(1);
    }

    private sealed class StagingBatches : IWebhookHandler<BatchWebhookEvent>
    {
        public Task HandleAsync(
            BatchWebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
            => Task.CompletedTask;
    }

    private sealed class Response404 : PipelineResponse
    {
        public override int Status => 404;

        public override string ReasonPhrase => "Not Found";

        public override Stream? ContentStream { get; set; }

        public override BinaryData Content => BinaryData.Empty;

        protected override PipelineResponseHeaders HeadersCore => throw new NotSupportedException();

        public override BinaryData BufferContent(CancellationToken cancellationToken = default) => Content;

        public override ValueTask<BinaryData> BufferContentAsync(CancellationToken cancellationToken = default)
            => new(Content);

        public override void Dispose()
        {
        }
    }

    [Fact]
    public async Task Handlers()
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                #region README: register handlers
                builder.Services.AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, FetchResponse>();
                #endregion
            },
            app =>
            {
                #region README: map handlers
                app.MapOpenAIWebhooks("/webhooks/openai");
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        testApp.Log.Select(entry => entry.Message).Should().Contain("Fetch resp_123");
    }

    #region README: a handler
    public class FetchResponse(ILogger<FetchResponse> logger) : IWebhookHandler<ResponseCompletedWebhookEvent>
    {
        public Task HandleAsync(
            ResponseCompletedWebhookEvent completed, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            logger.LogInformation("Fetch {Id}", completed.Data.Id);
            return Task.CompletedTask;
        }
    }
    #endregion

    public class Audit(ConcurrentQueue<string> work) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(
            WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            work.Enqueue("audited");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_controller_and_a_function()
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                #region README: register for controllers
                builder.Services.AddControllers();
                builder.Services.AddOpenAIWebhooks().AddHandler<ResponseCompletedWebhookEvent, FetchResponse>();
                #endregion

                builder.Services.AddControllers().AddApplicationPart(typeof(OpenAIController).Assembly);
            },
            app =>
            {
                app.MapControllers();
                app.MapPost("/function", async (HttpRequest request) =>
                    Results.StatusCode(((StatusCodeResult)await new OpenAIFunction().Run(request)).StatusCode));
            });

        foreach (string path in new[] { TestApp.Path, "/function" })
        {
            (await testApp.SendAsync(TestApp.Sign(), path)).StatusCode.Should().Be(HttpStatusCode.OK);
            (await testApp.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret), path)).StatusCode
                .Should().Be(HttpStatusCode.BadRequest);
        }

        testApp.Log.Count(entry => entry.Message == "Fetch resp_123").Should().Be(2);
    }

    [Fact]
    public async Task A_queue_of_your_own()
    {
        var handled = new ConcurrentQueue<string>();
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(handled);

                #region README: register the queue
                builder.Services.AddSingleton(Channel.CreateUnbounded<WebhookMessage>());
                builder.Services.AddSingleton<ChannelInbox>();
                builder.Services.AddHostedService(services => services.GetRequiredService<ChannelInbox>());
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Audit>().AddInbox<ChannelInbox>();
                #endregion
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        await TestApp.Eventually(() => handled.Contains("audited"));
    }

    #region README: a queue of your own
    public class ChannelInbox(
        Channel<WebhookMessage> channel, WebhookDispatcher dispatcher, ILogger<ChannelInbox> logger)
        : BackgroundService, IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
            => channel.Writer.WriteAsync(message, cancellationToken).AsTask();

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await foreach (WebhookMessage message in channel.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    // Not stoppingToken: a handler may finish while the host stops.
                    await dispatcher.DispatchAsync(message, CancellationToken.None);
                }
                catch (Exception)
                {
                    logger.LogError("The webhook {WebhookId} is lost.", message.WebhookId);    // a real inbox retries
                }
            }
        }
    }
    #endregion

    [Fact]
    public async Task Rate_limits()
    {
        static Task HandleAsync(WebhookDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();

                #region README: register rate limits
                builder.Services.AddRateLimiter(limiter =>
                {
                    limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
                    limiter.AddPolicy("webhooks", context => RateLimitPartition.GetFixedWindowLimiter(
                        context.Connection.RemoteIpAddress,
                        _ => new() { PermitLimit = 100, Window = TimeSpan.FromSeconds(1) }));
                });
                #endregion
            },
            app =>
            {
                #region README: map rate limits
                app.UseRateLimiter();
                app.MapOpenAIWebhooks("/webhooks/openai", HandleAsync).RequireRateLimiting("webhooks");
                #endregion
            });

        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => testApp.SendAsync(TestApp.Sign())));

        answers.Select(answer => answer.StatusCode).Distinct().Should().BeEquivalentTo(
            [HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
    }

    [Fact]
    public async Task Tests_of_handlers_and_endpoints()
    {
        const string secret = TestApp.Secret;
        const string payload = TestApp.Payload;
        var handled = new ConcurrentQueue<string>();
        var handler = new Audit(handled);
        await using var testApp = await TestApp.StartAsync();
        using var client = new HttpClient { BaseAddress = testApp.Address };

        {
            #region README: test a handler
            SignedWebhook signed = new WebhookSigner(secret).Sign(new BatchCompletedWebhookEvent
            {
                Id = "evt_1",
                CreatedAt = DateTimeOffset.UtcNow,
                Data = new() { Id = "batch_1" },
            });
            WebhookDelivery delivery = new WebhookVerifier(secret).Unwrap(signed.GetPayload(), signed.Headers);
            await handler.HandleAsync((BatchCompletedWebhookEvent)delivery.Event, delivery, CancellationToken.None);
            #endregion
        }

        {
            #region README: test an endpoint
            using HttpRequestMessage request = new WebhookSigner(secret).Sign(payload).ToRequest("/webhooks/openai");
            using HttpResponseMessage response = await client.SendAsync(request);
            #endregion

            response.StatusCode.Should().Be(HttpStatusCode.OK);
        }

        handled.Should().Equal("audited");
    }

    #region README: test an application
    [Fact]
    public async Task A_delivery_is_answered_with_200()
    {
        string secret = WebhookSigner.CreateSecret();
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(host => host
            .UseSetting("OPENAI_API_KEY", "a key for tests")
            .ConfigureTestServices(services => services.AddOpenAIWebhooks(options => options.Secrets = [secret])));
        SignedWebhook signed = new WebhookSigner(secret).Sign(new BatchFailedWebhookEvent
        {
            Id = "evt_1",
            CreatedAt = DateTimeOffset.UtcNow,
            Data = new() { Id = "batch_1" },
        });

        using HttpResponseMessage response =
            await factory.CreateClient().SendAsync(signed.ToRequest("/webhooks/openai"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
    #endregion

    [Fact]
    public async Task An_OpenAPI_document()
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                #region README: OpenAPI
                builder.Services.AddOpenApi(openApi => openApi.AddSchemaTransformer((schema, context, _) =>
                {
                    if (context.JsonPropertyInfo is { Name: "created_at" } member
                        && typeof(WebhookEvent).IsAssignableFrom(member.DeclaringType))
                    {
                        (schema.Type, schema.Format) = (JsonSchemaType.Number, "unixtime");
                    }

                    return Task.CompletedTask;
                }));
                #endregion
            },
            app =>
            {
                app.MapOpenApi();
                app.MapPost("/known", (UnwrapWebhookEvent known) => known.Id);
            });

        using var answer = await testApp.GetAsync("/openapi/v1.json");
        string document = await answer.Content.ReadAsStringAsync();

        document.Should().NotContain("date-time");
        var batch = JsonNode.Parse(document)!["components"]!["schemas"]!["UnwrapWebhookEventBatchFailedWebhookEvent"]!;
        batch["properties"]!["created_at"]!["type"]!.GetValue<string>().Should().Be("number");
    }
}

#region README: a controller
[AllowAnonymous]    // the signature is the authentication
public class OpenAIController : ControllerBase
{
    [HttpPost("/webhooks/openai")]
    public async Task<IActionResult> Receive() => StatusCode(await Request.HandleOpenAIWebhookAsync());
}
#endregion

[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1822", Justification = "As its template has it.")]
public class OpenAIFunction
{
    #region README: a function
    [Function("OpenAIWebhook")]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
        => new StatusCodeResult(await request.HandleOpenAIWebhookAsync());
    #endregion
}

// The attributes of Azure Functions, whose packages no test needs.
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FunctionAttribute(string name) : Attribute
{
    public string Name => name;
}

[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class HttpTriggerAttribute(AuthorizationLevel level, params string[] methods) : Attribute
{
    public AuthorizationLevel Level => level;

    public string[] Methods => methods;
}

internal enum AuthorizationLevel
{
    Anonymous,
}
