using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Mvc;

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
        var fetched = new ConcurrentQueue<string>();
        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(fetched);

                #region README: register handlers
                builder.Services.AddOpenAIWebhooks()
                    .AddHandler<ResponseCompletedWebhookEvent, FetchResponse>()    // one event
                    .AddHandler<WebhookEvent, Audit>();                            // all of them
                #endregion
            },
            app =>
            {
                #region README: map handlers
                app.MapOpenAIWebhooks("/webhooks/openai");
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign())).StatusCode.Should().Be(HttpStatusCode.OK);

        fetched.Should().Equal("resp_123", "audited");
    }

    #region README: a handler
    public class FetchResponse(ConcurrentQueue<string> work) : IWebhookHandler<ResponseCompletedWebhookEvent>
    {
        public Task HandleAsync(ResponseCompletedWebhookEvent completed, WebhookDelivery delivery, CancellationToken cancellationToken)
        {
            work.Enqueue(completed.Data.Id);
            return Task.CompletedTask;
        }
    }
    #endregion

    public class Audit(ConcurrentQueue<string> work) : IWebhookHandler<WebhookEvent>
    {
        public Task HandleAsync(WebhookEvent webhookEvent, WebhookDelivery delivery, CancellationToken cancellationToken)
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
        (await testApp.SendAsync(TestApp.Sign(secret: TestApp.OtherSecret))).StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await testApp.SendAsync(TestApp.Sign("{}"))).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_queue()
    {
        var queue = new ConcurrentQueue<(string Id, byte[] Payload)>();
        await using var testApp = await TestApp.StartAsync(
            builder => builder.Services.AddOpenAIWebhooks(),
            app =>
            {
                #region README: into a queue
                app.MapOpenAIWebhooks("/webhooks/openai", (delivery, cancellationToken) =>
                {
                    queue.Enqueue((delivery.WebhookId, delivery.Payload.ToArray()));
                    return Task.CompletedTask;
                });
                #endregion
            });
        await testApp.SendAsync(TestApp.Sign());

        queue.TryDequeue(out var message).Should().BeTrue();

        #region README: out of a queue
        WebhookEvent webhookEvent = WebhookEvent.Parse(message.Payload);
        #endregion

        webhookEvent.Should().BeOfType<ResponseCompletedWebhookEvent>();
    }

    [Fact]
    public async Task Deduplication()
    {
        await using var app = await TestApp.StartAsync(builder =>
        {
            #region README: deduplication
            builder.Services.AddOpenAIWebhooks().AddDeduplication();
            #endregion
        });

        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));
        await app.SendAsync(TestApp.Sign(webhookId: "wh_1"));

        app.Deliveries.Should().ContainSingle();
    }

    [Fact]
    public async Task Named_endpoints()
    {
        static Task HandleAsync(WebhookDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

        await using var testApp = await TestApp.StartAsync(
            builder =>
            {
                builder.Configuration["OpenAI:Webhooks:production:Secrets:0"] = TestApp.Secret;
                builder.Configuration["OpenAI:Webhooks:staging:Secrets:0"] = TestApp.OtherSecret;

                #region README: register names
                builder.Services.AddOpenAIWebhooks("production");    // OpenAI:Webhooks:production
                builder.Services.AddOpenAIWebhooks("staging");       // OpenAI:Webhooks:staging
                #endregion
            },
            app =>
            {
                #region README: map names
                app.MapOpenAIWebhooks("/webhooks/production", HandleAsync, "production").AllowAnonymous();
                app.MapOpenAIWebhooks("/webhooks/staging", HandleAsync, "staging").AllowAnonymous();
                #endregion
            });

        (await testApp.SendAsync(TestApp.Sign(), "/webhooks/production")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await testApp.SendAsync(TestApp.Sign(), "/webhooks/staging")).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }
}

#region README: a controller
[ApiController]
public class OpenAIController : ControllerBase
{
    [HttpPost("/webhooks/openai")]
    public async Task<IActionResult> Post(CancellationToken cancellationToken)
    {
        try
        {
            WebhookDelivery delivery = await Request.UnwrapOpenAIWebhookAsync(cancellationToken: cancellationToken);
            return Ok();
        }
        catch (Exception exception) when (exception is InvalidWebhookSignatureException or UnreadableWebhookException)
        {
            return BadRequest();
        }
        catch (BadHttpRequestException exception)
        {
            return StatusCode(exception.StatusCode);    // 413 for a body over the limit
        }
    }
}
#endregion
