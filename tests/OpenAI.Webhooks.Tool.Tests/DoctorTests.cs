using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Hosting;

namespace OpenAI.Webhooks.Tool.Tests;

public class DoctorTests
{
    private static readonly Dictionary<string, (string Code, Func<Task<Receiver>> Start)> Planted = new()
    {
        ["another path"] =
            ("path", () => Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/api/webhooks/openai", Done))),
        ["only GET"] = ("method", () => Receiver.StartAsync(map: app => app.MapGet("/webhooks/openai", () => "hello"))),
        ["redirect to https"] = ("redirect", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.Redirect($"https://{context.Request.Host}{context.Request.Path}", permanent: true);
            return Task.CompletedTask;
        }))),
        ["redirect to a slash"] = ("redirect", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.Redirect($"{context.Request.Path}/", permanent: true);
            return Task.CompletedTask;
        }))),
        ["401"] = ("authorization", () => Receiver.StartAsync(app => Answer(app, 401))),
        ["403"] = ("forbidden", () => Receiver.StartAsync(app => Answer(app, 403))),
        ["login redirect"] = ("authorization", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.Redirect("/Account/Login?ReturnUrl=%2F");
            return Task.CompletedTask;
        }))),
        ["login page"] = ("html_page", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>Log in</html>");
        }))),
        ["antiforgery"] = ("antiforgery", () => Receiver.StartAsync(app => Answer(app, 400, "The required antiforgery "
            + "token was not provided."))),
        ["antiforgery without words"] = (
            "rejected_before", () => Receiver.StartAsync(
                app => app.UseWhen(
                    context => context.Request.Path.StartsWithSegments("/webhooks"), branch => branch.Run(context =>
        {
            context.Response.StatusCode = 400;
            return Task.CompletedTask;
        })), hasHealth: true)),
        ["antiforgery without words or health"] =
            ("rejected_before", () => Receiver.StartAsync(app => Answer(app, 400))),
        ["model binding"] = (
            "rejected_before", () => Receiver.StartAsync(
                app => app.UseWhen(
                    context => context.Request.Path.StartsWithSegments("/webhooks"),
                    branch => branch.Run(async context =>
        {
            await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = 400;
        })), hasHealth: true)),
        ["a header dropped"] = (
            "headers_changed", () => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            context.Request.Headers.Remove("webhook-signature");
            return next(context);
        }), hasHealth: true)),
        ["host filtering"] = (
            "host_filtering", () => Receiver.StartAsync(
                app => app.UseHostFiltering(),
                services: services => services.AddHostFiltering(options => options.AllowedHosts = ["example.com"]))),
        ["rate limit"] = ("rate_limit", () => Receiver.StartAsync(app => Answer(app, 429))),
        ["gateway"] = ("behind_proxy", () => Receiver.StartAsync(app => Answer(app, 502))),
        ["no verification"] = ("accepts_unsigned", () => Receiver.StartAsync(app => Answer(app, 200))),
        ["body read, health"] = ("body_read", () => Receiver.StartAsync(ReadBody, hasHealth: true)),
        ["body read, no health"] = ("body_read", () => Receiver.StartAsync(ReadBody)),
        ["white space removed"] = (
            "body_changed", () => Receiver.StartAsync(
                app => Rewrite(
                    app,
                    body => System.Text.Json.Nodes.JsonNode.Parse(body)!.ToJsonString(
                        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })))),
        ["indented"] = (
            "body_changed", () => Receiver.StartAsync(
                app => Rewrite(
                    app,
                    body => System.Text.Json.Nodes.JsonNode.Parse(body)!.ToJsonString(
                        new() { WriteIndented = true })))),
        ["line feed at the end"] =
            ("body_changed", () => Receiver.StartAsync(app => Rewrite(app, body => body + "\n"))),
        ["small body limit"] = ("body_limit", () => Receiver.StartAsync(app => app.Use((context, next) =>
        {
            context.Response.StatusCode = context.Request.ContentLength > 65536 ? 413 : 200;
            return context.Response.StatusCode == 413 ? Task.CompletedTask : next(context);
        }))),
        ["own limit too small"] = (
            "body_limit", () => Receiver.StartAsync(
                services: services => services.Configure<OpenAIWebhooksOptions>(
                    options => options.MaxBodyBytes = 1000))),
        ["another secret"] = ("signature", () => Receiver.StartAsync(secret: TestApp.OtherSecret)),
        ["another secret, health"] =
            ("secret_differs", () => Receiver.StartAsync(secret: TestApp.OtherSecret, hasHealth: true)),
        ["compressed by a proxy"] = (
            "body_changed", () => Receiver.StartAsync(
                app => app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            using var compressed = new MemoryStream();
            await using (
                var gzip = new System.IO.Compression.GZipStream(
                    compressed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            {
                await context.Request.Body.CopyToAsync(gzip);
            }

            context.Request.Body = new MemoryStream(compressed.ToArray());
            context.Request.Headers.ContentEncoding = "gzip";
            context.Request.ContentLength = compressed.Length;
            await next(context);
        }), hasHealth: true)),
        ["changed beyond recognition"] = (
            "body_changed", () => Receiver.StartAsync(
                app => Rewrite(app, body => body.Replace("resp_sample", "***", StringComparison.Ordinal)),
                hasHealth: true)),
        ["cut off"] = (
            "body_changed", () => Receiver.StartAsync(
                app => Rewrite(app, body => body[..Math.Min(body.Length, 2000)]))),
        ["error pages by redirect"] = (
            "path", () => Receiver.StartAsync(
                app => app.UseStatusCodePagesWithRedirects("/error/{0}"),
                app => app.MapOpenAIWebhooks("/api/webhooks/openai", Done))),
        ["a page for every path"] = ("path", () => Receiver.StartAsync(map: app =>
        {
            app.MapOpenAIWebhooks("/api/webhooks/openai", Done);
            app.MapFallback(() => Results.Content("<html></html>", "text/html"));
        })),
        ["a login for every path"] = ("path", () => Receiver.StartAsync(
            app => app.UseAuthentication().UseAuthorization(),
            app => app.MapOpenAIWebhooks("/api/webhooks/openai", Done).AllowAnonymous(),
            services =>
            {
                services.AddAuthentication("cookies").AddCookie("cookies");
                services.AddAuthorizationBuilder().SetFallbackPolicy(
                    new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAuthenticatedUser()
                        .Build());
            })),
        ["a timestamp in milliseconds"] = (
            "headers_changed", () => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            context.Request.Headers["webhook-timestamp"] += "000x";
            return next(context);
        }), hasHealth: true)),
        ["another id"] =
            ("body_changed", () => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            context.Request.Headers["webhook-id"] += "-1";
            return next(context);
        }), hasHealth: true)),
        ["a path that only the health "
            + "check knows"] = ("path", () => Receiver.StartAsync(
                map: app => app.MapOpenAIWebhooks("/hooks-of/{tenant}/in", Done), hasHealth: true)),
        ["another host"] = ("redirect", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.Redirect(
                $"{context.Request.Scheme}://www.example.com{context.Request.Path}", permanent: true);
            return Task.CompletedTask;
        }))),
        ["a firewall"] =
            ("forbidden", () => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate _) =>
        {
            context.Response.Headers["CF-RAY"] = "1";
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        }))),
        ["a limit on requests"] = ("behind_proxy", () => Receiver.StartAsync(
            app => app.UseRateLimiter(),
            services: services => services.AddRateLimiter(
                options => options.GlobalLimiter =
                    System.Threading.RateLimiting.PartitionedRateLimiter.Create<HttpContext,
                string>(context =>
                context.Request.Method == "POST"
                    ? System.Threading.RateLimiting.RateLimitPartition.GetFixedWindowLimiter("all", _ => new()
                    {
                        PermitLimit = 1,
                        Window = TimeSpan.FromMinutes(1),
                    })
                    : System.Threading.RateLimiting.RateLimitPartition.GetNoLimiter("get"))))),
        ["a body that trickles"] = ("accepts_unsigned", () => Receiver.StartAsync(app => app.Run(async context =>
        {
            for (int i = 0; i < 100; i++)
            {
                await context.Response.WriteAsync("x", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(200), context.RequestAborted);
            }
        }))),
        ["an inbox that takes small ones only"] = (
            "not_stored", () => Receiver.StartAsync(
                map: app => app.MapOpenAIWebhooks("/webhooks/openai"),
                services: services => services.AddOpenAIWebhooks().AddHandler<WebhookEvent,
                Nothing>().AddInbox<SmallInbox>())),
        ["clock, no health"] = (
            "clock", () => Receiver.StartAsync(
                services: services => services.AddSingleton<TimeProvider>(
                    new ShiftedClock(TimeSpan.FromMinutes(-17))))),
        ["clock, health"] = (
            "clock", () => Receiver.StartAsync(
                services: services => services.AddSingleton<TimeProvider>(new ShiftedClock(TimeSpan.FromHours(1))),
                hasHealth: true)),
        ["handler fails"] = (
            "handler_fails", () => Receiver.StartAsync(
                map: app => app.MapOpenAIWebhooks(
                    "/webhooks/openai", (_, _) => throw new InvalidOperationException()))),
        ["slow handler"] = (
            "slow_handler", () => Receiver.StartAsync(
                map: app => app.MapOpenAIWebhooks(
                    "/webhooks/openai", (_, token) => Task.Delay(TimeSpan.FromSeconds(4), token)))),
        ["inbox away"] = (
            "not_stored", () => Receiver.StartAsync(
                map: app => app.MapOpenAIWebhooks("/webhooks/openai"),
                services: services => services.AddOpenAIWebhooks().AddHandler<WebhookEvent,
                Nothing>().AddInbox<InboxAway>())),
    };

    public static TheoryData<string> Faults => [.. Planted.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public Task A_fault_is_named(string fault) => IsNamedAsync(Planted[fault]);

    [Fact]
    public async Task Nobody_who_listens_a_name_that_does_not_resolve_and_another_protocol_are_told_apart()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // Never listens, and nobody else can take its port.
        int port = ((IPEndPoint)bound.LocalEndPoint!).Port;
        await using var plain = await Receiver.StartAsync();

        (await ToolRun.DoctorAsync($"http://127.0.0.1:{port}/")).FixFirst.Should().Be("nobody_listens");
        (await ToolRun.DoctorAsync("https://no-such-host.invalid/webhooks")).FixFirst.Should().Be("name");
        (await ToolRun.DoctorAsync(plain.Url.Replace("http:", "https:", StringComparison.Ordinal))).FixFirst
            .Should().Be("plain_http");
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_named()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
            "CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var exported = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
        await using var receiver = await Receiver.StartAsync(
            kestrel: options => options.ConfigureEndpointDefaults(listen => listen.UseHttps(exported)));

        var run = await ToolRun.DoctorAsync(receiver.Url.Replace("http:", "https:", StringComparison.Ordinal));

        run.FixFirst.Should().Be("certificate", run.Output);
    }

    [Fact]
    public async Task User_and_query_of_a_URL_are_not_shown()
    {
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/api/webhooks/openai", Done));
        await using var api = await FakeApi.StartAsync();
        api.Add($"{receiver.Address}/elsewhere?token=visible");

        var missing = await ToolRun.DoctorAsync(
            receiver.Url.Replace("http://", "http://visible:visible@", StringComparison.Ordinal) + "?token=visible",
            api);

        missing.Json["findings"]!.AsArray().Select(finding => finding!["code"]!.ToString())
            .Should().Equal("reached", "path", "endpoint_url");
        missing.Output.Should().NotContain("visible").And.Contain("?…");
    }

    [Fact]
    public async Task The_health_check_of_another_application_is_not_believed()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var other = await Receiver.StartAsync(
            map: app => app.MapOpenAIWebhooks("/b", Done), secret: TestApp.OtherSecret, hasHealth: true);

        var run = await ToolRun.DoctorAsync(receiver.Url, args: ["--health", other.Address + "/health/webhooks"]);

        run.FixFirst.Should().BeNull(run.Output);
        run.Output.Should().Contain("health_check_of_another");
    }

    [Fact]
    public async Task Without_a_secret_it_is_not_sound_unless_no_events_were_wanted()
    {
        await using var receiver = await Receiver.StartAsync();

        await using var api = await FakeApi.StartAsync();
        api.Add(receiver.Url, types: []);

        (await ToolRun.DoctorAsync(receiver.Url, args: "--no-secret")).FixFirst.Should().Be("no_secret");
        (await ToolRun.DoctorAsync(receiver.Url, api, "--no-secret")).FixFirst
            .Should().Be("not_subscribed", "it was found");
        (await ToolRun.DoctorAsync(receiver.Url, args: ["--no-secret", "--no-events"])).FixFirst.Should().BeNull();
    }

    [Fact]
    public async Task Without_events_no_handler_runs()
    {
        int handled = 0;
        await using var receiver =
            await Receiver.StartAsync(map: app => app.MapOpenAIWebhooks("/webhooks/openai", (_, _) =>
        {
            handled++;
            return Task.CompletedTask;
        }));

        (await ToolRun.DoctorAsync(receiver.Url, args: "--no-events")).FixFirst.Should().BeNull();

        handled.Should().Be(0);
    }

    [Fact]
    public async Task For_people_it_ends_with_one_line()
    {
        await using var receiver = await Receiver.StartAsync();

        var sound = await ToolRun.RunAsync("doctor", receiver.Url);
        var wrong = await ToolRun.RunAsync("doctor", receiver.Address + "/elsewhere");

        sound.Lines[^1].Should().Be(
            "Sound, as far as it could be checked. Lines with a question mark say what could not.");
        wrong.Lines[^1].Should().Be("Fix first: The endpoint is at /webhooks/openai, not at /elsewhere (404).");
    }

    internal static async Task IsNamedAsync((string Code, Func<Task<Receiver>> Start) planted)
    {
        await using var receiver = await planted.Start();

        var run = await ToolRun.DoctorAsync(receiver.Url);

        run.FixFirst.Should().Be(planted.Code, run.Output);
        run.ExitCode.Should().Be(1);
    }

    private static Task Done(WebhookDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

    internal static void Answer(WebApplication app, int status, string body = "") => app.Run(context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    });

    private static void ReadBody(WebApplication app) => app.Use(async (context, next) =>
    {
        await new StreamReader(context.Request.Body, leaveOpen: true).ReadToEndAsync();
        await next(context);
    });

    private static void Rewrite(WebApplication app, Func<string, string> rewrite) => app.Use(async (context, next) =>
    {
        string body = await new StreamReader(context.Request.Body, leaveOpen: true).ReadToEndAsync();
        byte[] changed = Encoding.UTF8.GetBytes(rewrite(body));
        context.Request.Body = new MemoryStream(changed);
        context.Request.ContentLength = changed.Length;
        await next(context);
    });

    private sealed class InboxAway : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
            => throw new IOException("on purpose");
    }

    private sealed class SmallInbox : IWebhookInbox
    {
        public Task StoreAsync(WebhookMessage message, CancellationToken cancellationToken)
            => message.GetPayload().Length > 65535 ? throw new IOException("on purpose") : Task.CompletedTask;
    }
}
