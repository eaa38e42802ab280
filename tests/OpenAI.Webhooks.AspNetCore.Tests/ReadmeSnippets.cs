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

namespace OpenAI.Webhooks.AspNetCore.Tests;

public class ReadmeSnippets
{
    [Fact]
    public async Task A_delegate()
    {
        var fetched = new ConcurrentQueue<string>();
        Task FetchAsync(string id, CancellationToken cancellationToken)
        {
            fetched.Enqueue(id);
            return Task.CompletedTask;
        }

        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                #region README: register
                builder.Services.AddOpenAIWebhooks();
                #endregion
            },
            app =>
            {
                #region README: a delegate
                app.MapOpenAIWebhooks("/webhooks/openai", async (WebhookDelivery delivery, CancellationToken cancellationToken) =>
                {
                    if (delivery.Event is ResponseCompletedWebhookEvent completed)
                    {
                        await FetchAsync(completed.Data.Id, cancellationToken);
                    }
                });
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        fetched.Should().Equal("resp_123");
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
        public Task HandleAsync(ResponseCompletedWebhookEvent completed, WebhookDelivery delivery, CancellationToken cancellationToken)
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
    public async Task A_controller()
    {
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenAIWebhooks();
                builder.Services.AddControllers().AddApplicationPart(typeof(OpenAIController).Assembly);
            },
            app => app.MapControllers());

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);
        (await testApp.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(
            HttpStatusCode.BadRequest);
        (await testApp.SendAsync(TestApp.Sign("{}"))).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[1000]), "file", "file" } };
        using var client = new HttpClient();
        (await client.PostAsync(new Uri(testApp.Address, TestApp.Path), form))
            .StatusCode.Should().Be(
                HttpStatusCode.UnsupportedMediaType, "MVC would read a form before anything is verified");
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
                builder.Services.AddSingleton<ChannelInbox>().AddHostedService(services => services.GetRequiredService<ChannelInbox>());
                builder.Services.AddOpenAIWebhooks().AddHandler<WebhookEvent, Audit>().AddInbox<ChannelInbox>();
                #endregion
            },
            app => app.MapOpenAIWebhooks(TestApp.Path));

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        await TestApp.Eventually(() => handled.Contains("audited"));
    }

    #region README: a queue of your own
    public class ChannelInbox(
        Channel<WebhookMessage> channel, WebhookDispatcher dispatcher, ILogger<ChannelInbox> logger) : BackgroundService, IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
            => channel.Writer.WriteAsync(message, cancellationToken).AsTask();

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await foreach (WebhookMessage message in channel.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await dispatcher.DispatchAsync(message, CancellationToken.None);    // a handler may finish while the host stops
                }
                catch (Exception)
                {
                    logger.LogError("The webhook {WebhookId} is lost.", message.WebhookId);    // the dispatcher has logged the reason; a real inbox retries
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
                        context.Connection.RemoteIpAddress, _ => new() { PermitLimit = 100, Window = TimeSpan.FromSeconds(1) }));
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
            SignedWebhook signed = new WebhookSigner(secret).Sign(new BatchCompletedWebhookEvent { Id = "evt_1", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = "batch_1" } });
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

        SignedWebhook signed = new WebhookSigner(secret).Sign(new BatchFailedWebhookEvent { Id = "evt_1", CreatedAt = DateTimeOffset.UtcNow, Data = new() { Id = "batch_1" } });
        using HttpResponseMessage response = await factory.CreateClient().SendAsync(signed.ToRequest("/webhooks/openai"));

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
                    if (context.JsonPropertyInfo is { Name: "created_at" } member && typeof(WebhookEvent).IsAssignableFrom(member.DeclaringType))
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
[ApiController, AllowAnonymous]    // the signature is the authentication
public class OpenAIController(ILogger<OpenAIController> logger) : ControllerBase
{
    [HttpPost("/webhooks/openai"), Consumes("application/json")]
    public async Task<IActionResult> Post(CancellationToken cancellationToken)
    {
        try
        {
            WebhookDelivery delivery = await Request.UnwrapOpenAIWebhookAsync(cancellationToken: cancellationToken);
            logger.LogInformation("Received {Type}", delivery.Event.Type);    // handle the event here
            return Ok();
        }
        catch (Exception exception) when (exception is InvalidWebhookSignatureException or UnreadableWebhookException)
        {
            logger.LogWarning("Refused a webhook. {Reason}", exception.Message);    // contains no secret, signature or body
            return BadRequest();
        }
        catch (BadHttpRequestException exception)
        {
            return StatusCode(exception.StatusCode);    // 413 for a body over the limit
        }
    }
}
#endregion
