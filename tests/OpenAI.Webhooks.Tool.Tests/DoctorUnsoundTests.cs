using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenAI.Webhooks.Tool.Tests;

/// <summary>What is not sound is never called sound: endpoints by hand, several machines, proxies and
/// tunnels.</summary>
public class DoctorUnsoundTests
{
    private const string Path = "/webhooks/openai";

    private static readonly WebhookVerifier Timeless = new(new WebhookVerifierOptions
    {
        Secrets = [TestApp.Secret],
        Tolerance = Timeout.InfiniteTimeSpan,
    });

    private static readonly Dictionary<string, (string Code, Func<Task<Receiver>> Start)> Planted = new()
    {
        ["only the headers are looked for"] = ("accepts_forged", () => Receiver.StartAsync(
            map: app => app.MapPost(Path, (HttpRequest request) =>
                request.Headers.ContainsKey("webhook-signature") ? Results.Ok() : Results.StatusCode(400)))),
        ["the timestamp is ignored"] = ("accepts_old", () => Receiver.StartAsync(
            map: app => app.MapPost(Path, async (HttpRequest request) =>
                Timeless.TryVerify(await BodyOf(request), WebhookHeaders.From(name => request.Headers[name]), out _)
                    ? Results.Ok() : Results.StatusCode(400)))),
        ["401 by hand, another secret"] = ("authorization", () => Receiver.StartAsync(
            map: app => app.MapPost(Path, () => Results.StatusCode(401)))),
        ["400 for no headers and 401 for another secret"] = ("signature", () => Receiver.StartAsync(
            map: app => app.MapPost(Path, (HttpRequest request) =>
                Results.StatusCode(request.Headers.ContainsKey("webhook-id") ? 401 : 400)))),
        ["a firewall against markup, 403"] = ("body_filtered", () => FilterMarkupAsync(403)),
        ["a firewall against markup, 404"] = ("body_filtered", () => FilterMarkupAsync(404)),
        ["a firewall against markup, 500"] = ("body_filtered", () => FilterMarkupAsync(500)),
        ["a firewall against markup, 406"] = ("body_filtered", () => FilterMarkupAsync(406)),
        ["a large body, 502"] = ("body_limit", () => RefuseLargeAsync(502)),
        ["a large body, 504"] = ("body_limit", () => RefuseLargeAsync(504)),
        ["a large body, 500"] = ("body_limit", () => RefuseLargeAsync(500)),
        ["a large body, 403"] = ("body_limit", () => RefuseLargeAsync(403)),
        ["one machine of two has another secret"] = ("nodes_differ", () => OneOfAsync(2, 400)),
        ["one machine of three has another secret"] = ("nodes_differ", () => OneOfAsync(3, 400)),
        ["one machine of three has another path"] = ("nodes_differ", () => OneOfAsync(3, 404)),
        ["one machine of three fails"] = ("nodes_differ", () => OneOfAsync(3, 500)),
        ["one machine of three is away"] = ("nodes_differ", () => OneOfAsync(3, 502)),
        ["one machine of three closes connections"] = ("nodes_differ", () => OneOfAsync(3, 0)),
        ["one machine of three hangs"] = ("nodes_differ", () => OneOfAsync(3, 598)),
        ["a header dropped, no health"] = ("headers_changed", () => ChangeAsync(
            request => request.Headers.Remove("webhook-signature"))),
        ["a header renamed, no health"] = ("headers_changed", () => ChangeAsync(request =>
        {
            request.Headers["x-webhook-id"] = request.Headers["webhook-id"];
            request.Headers.Remove("webhook-id");
        })),
        ["a timestamp in milliseconds, no health"] = ("headers_changed", () => ChangeAsync(
            request => request.Headers["webhook-timestamp"] += "000x")),
        ["marked as compressed, no health"] = ("body_changed", () => ChangeAsync(request =>
        {
            request.Headers.ContentEncoding = "gzip";
            request.Headers["webhook-id"] += "x";
        })),
        ["ngrok without an agent"] = ("tunnel", () => TunnelAsync(404, "ngrok-error-code", "ERR_NGROK_3200")),
        ["ngrok without an application"] = ("tunnel", () => TunnelAsync(502, "ngrok-error-code", "ERR_NGROK_8012")),
        ["Cloudflare without a connector"] = ("tunnel", () => TunnelAsync(530, "Server", "cloudflare")),
        ["Cloudflare without a server"] = ("behind_proxy", () => TunnelAsync(522, "Server", "cloudflare")),
        ["a certificate of the client"] = ("client_certificate", () => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("<html>400 No required SSL certificate was sent</html>");
        }))),
        ["an empty key"] = ("accepts_forged", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf([], signed) || signature == SignatureOf(Key, signed) ? 200 : 400)),
        ["the first signature only"] = ("one_signature", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf(Key, signed) ? 200 : 400)),
        ["the text of the secret is the key"] = ("secret_misused", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf(Encoding.UTF8.GetBytes(TestApp.Secret), signed) ? 200 : 400)),
        ["a wrong clock, 401 by hand"] = ("clock", () => ByHandAsync((timestamp, signature, signed)
            => timestamp > DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3300
                && signature == SignatureOf(Key, signed) ? 200 : 401)),
        ["other types only"] = ("type_rejected", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf(Key, signed) && signed.Contains("batch.", StringComparison.Ordinal)
                ? 200 : 400)),
        ["the handler rejects with 422"] = ("handler_fails", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf(Key, signed) ? 422 : 400)),
        ["one machine of three accepts what is forged"] = ("accepts_forged", AcceptsAllInTurnAsync),
        ["a machine that a proxy leaves out after it failed"] = ("nodes_differ", FailsOnceAsync),
        ["a response that does not end"] = ("response_unfinished", () => ByHandAsync((_, signature, signed)
            => signature == SignatureOf(Key, signed) ? 201 : 400, endless: true)),
        ["HTTP/2 only, without TLS"] = ("http2_only", () => Receiver.StartAsync(kestrel: options =>
            options.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2))),
    };

    private static byte[] Key => Convert.FromBase64String(TestApp.Secret[6..]);

    public static TheoryData<string> Faults => [.. Planted.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public Task A_fault_is_named(string fault) => DoctorTests.IsNamedAsync(Planted[fault]);

    [Fact]
    public async Task That_anyone_can_send_events_is_the_first_thing_to_fix()
    {
        await using var receiver = await Receiver.StartAsync(map: app => app.MapPost(Path, (HttpRequest request) =>
            request.Headers.ContainsKey("webhook-id") ? Results.Ok() : Results.StatusCode(400)));

        (await ToolRun.DoctorAsync(receiver.Url, args: "--no-secret")).FixFirst.Should().Be("accepts_forged");
    }

    [Fact]
    public async Task A_401_without_a_challenge_may_be_a_policy_or_another_secret()
    {
        await using var receiver = await Receiver.StartAsync(
            map: app => app.MapPost(Path, () => Results.StatusCode(401)));

        (await ToolRun.DoctorAsync(receiver.Url)).Output.Should()
            .Contain("a policy requires a login").And.Contain("another secret");
    }

    [Fact]
    public async Task A_path_is_guessed_at_most_twelve_times_and_behind_a_tunnel_that_is_down_never()
    {
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var nowhere = await Receiver.StartAsync(app => app.Run(context =>
        {
            asked.Enqueue(context.Request.Method);
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }));
        await using var down = await Receiver.StartAsync(app => app.Run(context =>
        {
            asked.Enqueue(context.Request.Method);
            context.Response.Headers["ngrok-error-code"] = "ERR_NGROK_3200";
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }));

        (await ToolRun.DoctorAsync(nowhere.Url)).FixFirst.Should().Be("path");
        asked.Count(method => method == "POST").Should().BeLessThanOrEqualTo(
            12 + 6, "the URL itself is tried six times");
        asked.Clear();
        (await ToolRun.DoctorAsync(down.Url)).FixFirst.Should().Be("tunnel");
        asked.Count(method => method == "POST").Should().Be(1);
    }

    [Theory]
    [InlineData(-30, -3, "it expired on ")]
    [InlineData(3, 30, "it is not valid before ")]
    public async Task A_certificate_at_the_wrong_time_is_named_with_the_date(int fromDays, int toDays, string expected)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(fromDays), DateTimeOffset.UtcNow.AddDays(toDays));
        await using var receiver = await StartWithTlsAsync(from, to);

        var run = await ToolRun.DoctorAsync(receiver.Url.Replace("http:", "https:", StringComparison.Ordinal));

        run.FixFirst.Should().Be("certificate");
        run.Output.Should().Contain($"{expected}{(fromDays < 0 ? to : from):yyyy-MM-dd}");
    }

    [Fact]
    public async Task Plain_HTTP_and_TLS_at_the_port_of_the_other_are_named()
    {
        await using var plain = await Receiver.StartAsync();
        await using var tls = await StartWithTlsAsync(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));

        (await ToolRun.DoctorAsync(plain.Url.Replace("http:", "https:", StringComparison.Ordinal))).FixFirst
            .Should().Be("plain_http");
        var run = await ToolRun.DoctorAsync(tls.Url.Replace("https:", "http:", StringComparison.Ordinal));
        run.FixFirst.Should().Be("tls_port", run.Output);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task What_is_the_matter_with_the_API_of_OpenAI_is_not_the_endpoints_fault(int status)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = await Receiver.StartAsync(app => DoctorTests.Answer(app, status, "{}"));

        var run = await ToolRun.RunAsync(
            "doctor", receiver.Url, "--json", "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Address);

        run.FixFirst.Should().BeNull(run.Output);
        run.ExitCode.Should().Be(0);
        run.Output.Should().Contain($"with {status}").And.NotContain("API key is not valid");
    }

    [Fact]
    public async Task A_key_that_is_refused_is_a_fault()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var api = await Receiver.StartAsync(app => DoctorTests.Answer(app, 401, "{}"));

        var run = await ToolRun.RunAsync(
            "doctor", receiver.Url, "--json", "--api-key-from", ToolRun.KeyVariable, "--api-url", api.Address);

        run.FixFirst.Should().Be("api");
    }

    [Fact]
    public async Task Each_of_several_secrets_is_tried()
    {
        await using var receiver = await Receiver.StartAsync(
            services: services => services.AddOpenAIWebhooks(
                options => options.Secrets = [TestApp.Secret, TestApp.OtherSecret]));
        await using var one = await Receiver.StartAsync();
        Environment.SetEnvironmentVariable("TOOL_TESTS_BOTH", $"{TestApp.Secret} {TestApp.OtherSecret}");

        (await ToolRun.DoctorAsync(receiver.Url, args: ["--secret-from", "TOOL_TESTS_BOTH"])).Output
            .Should().Contain("Each of the 2 secrets given to doctor is accepted.");
        (await ToolRun.DoctorAsync(one.Url, args: ["--secret-from", "TOOL_TESTS_BOTH"])).Output
            .Should().Contain("Of the 2 secrets given to doctor, the application accepts 1.");
    }

    private static async Task<byte[]> BodyOf(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private static string SignatureOf(byte[] key, string signed)
        => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)))}";

    // An endpoint that somebody wrote: the timestamp, the header and the signed text give the status.
    private static Task<Receiver> ByHandAsync(Func<long, string?, string, int> judge, bool endless = false)
        => Receiver.StartAsync(map: app => app.MapPost(Path, async (HttpContext context) =>
        {
            var headers = context.Request.Headers;
            string body = Encoding.UTF8.GetString(await BodyOf(context.Request));
            long timestamp = long.TryParse(headers["webhook-timestamp"], out long seconds) ? seconds : 0;
            int status = judge(timestamp, headers["webhook-signature"], $"{headers["webhook-id"]}.{timestamp}.{body}");
            bool isOld = timestamp < DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 300;
            context.Response.StatusCode = isOld && status < 300 ? 400 : status;
            if (endless && status < 300)
            {
                await context.Response.WriteAsync("…");
                await Task.Delay(TimeSpan.FromSeconds(5), context.RequestAborted);
            }
        }));

    private static Task<Receiver> ChangeAsync(Action<HttpRequest> change)
        => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            if (context.Request.Headers.ContainsKey("webhook-id"))
            {
                change(context.Request);
            }

            return next(context);
        }));

    private static Task<Receiver> FilterMarkupAsync(int status)
        => Receiver.StartAsync(app => app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            context.Request.EnableBuffering();
            string body = await new StreamReader(context.Request.Body, leaveOpen: true).ReadToEndAsync();
            context.Request.Body.Position = 0;
            if (body.Contains("</", StringComparison.Ordinal))
            {
                context.Response.StatusCode = status;
                return;
            }

            await next(context);
        }));

    private static Task<Receiver> RefuseLargeAsync(int status)
        => Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            if (context.Request.ContentLength <= 64 * 1024)
            {
                return next(context);
            }

            context.Response.StatusCode = status;
            return Task.CompletedTask;
        }));

    // A load balancer that hands requests out in turn. Without a status, the machine closes the connection.
    private static Task<Receiver> OneOfAsync(int machines, int status)
    {
        int count = 0;
        return Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            bool isBad = Interlocked.Increment(ref count) % machines == 0;
            if (isBad && status == 0)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            if (!isBad || (context.Request.Method != "POST" && status != 598))
            {
                return next(context);
            }

            context.Response.StatusCode = status;
            return status == 598 ? Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted) : Task.CompletedTask;
        }));
    }

    private static Task<Receiver> AcceptsAllInTurnAsync()
    {
        int count = 0;
        return Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
            context.Request.Headers.ContainsKey("webhook-id") && Interlocked.Increment(ref count) % 3 == 0
                ? Task.CompletedTask
                : next(context)));
    }

    private static Task<Receiver> FailsOnceAsync()
    {
        int count = 0;
        return Receiver.StartAsync(app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            if (context.Request.Method != "GET" || Interlocked.Increment(ref count) != 2)
            {
                return next(context);
            }

            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        }));
    }

    private static Task<Receiver> TunnelAsync(int status, string header, string value)
        => Receiver.StartAsync(app => app.Run(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers[header] = value;
            return context.Response.WriteAsync(status == 530 ? "error code: 1033" : "");
        }));

    private static Task<Receiver> StartWithTlsAsync(DateTimeOffset from, DateTimeOffset to)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
            "CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, to);
        var exported = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
        return Receiver.StartAsync(
            kestrel: options => options.ConfigureEndpointDefaults(listen => listen.UseHttps(exported)));
    }
}
