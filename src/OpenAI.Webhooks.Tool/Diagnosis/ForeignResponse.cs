using System.Globalization;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Explains a response that came from something in front of the endpoint or in its place.</summary>
internal static class ForeignResponse
{
    private static readonly string[] LoginWords =
        ["login", "signin", "sign-in", "account", "oauth", "authorize", "saml"];

    private const string Anonymous =
        "Call .AllowAnonymous() on the result of MapOpenAIWebhooks, or put [AllowAnonymous] on the action. If a proxy "
        + "or gateway requires the login, exempt the path there.";

    /// <summary>
    /// Whether the endpoint may be at another path, because the response looks like the one for unknown paths.
    /// </summary>
    public static bool MayBeOfAnotherPath(Uri url, ServerResponse response)
        => response.Status is 401 or 403 or 404 or 405 || (response.IsSuccess && response.IsHtml)
            || (response.IsRedirect && !(Target(url, response) is { } target && HasSamePath(url, target)));

    /// <summary>Explains the response of a tunnel whose other end is not there.</summary>
    /// <returns>The finding; null for any other response.</returns>
    public static Finding? ExplainTunnel(Uri url, ServerResponse response)
    {
        if (response.Headers["ngrok-error-code"].FirstOrDefault() is { } code)
        {
            return code[(code.LastIndexOf('_') + 1)..] switch
            {
                "8012" => Finding.Fault(
                    "tunnel",
                    $"The ngrok tunnel at {url.Host} runs, but nothing listens at the port it forwards to ({code}).",
                    "Start the application, and compare its port with the one in ngrok's command."),
                "6024" => Finding.Fault(
                    "tunnel",
                    $"ngrok shows its warning page for browsers instead of the endpoint ({code}).",
                    "Deliveries do not look like a browser's requests. Check what changes their User-Agent."),
                "3200" or "3004" => Down("ngrok", code),
                _ => Finding.Fault(
                    "tunnel",
                    $"ngrok responds instead of the endpoint at {url.Host} ({response.Status}, {code}).",
                    "Look the code up at https://ngrok.com/docs/errors."),
            };
        }

        bool isCloudflare = response.Gateway == "Cloudflare"
            || response.Headers["Server"].Any(
                server => server.Contains("cloudflare", StringComparison.OrdinalIgnoreCase));
        bool is1033 = isCloudflare && response.Body.Contains("1033", StringComparison.Ordinal);
        return response.Status == 530 || is1033
                ? Down("Cloudflare", is1033 ? "error 1033" : "530")
            : isCloudflare && CloudflareCause(response) is { } cause ? Finding.Fault(
                "behind_proxy",
                $"Cloudflare cannot reach the application ({response.Status}): {cause}.",
                "Check the server behind Cloudflare, its firewall, and its address in the DNS settings.")
            : response.Headers["x-localtunnel-status"].Any()
                ? Down("localtunnel", response.Status.ToString(CultureInfo.InvariantCulture))
            : url.Host.EndsWith(".loca.lt", StringComparison.OrdinalIgnoreCase) && response.Status is 404 or 503
                ? Down("localtunnel", response.Status.ToString(CultureInfo.InvariantCulture))
            : url.Host.EndsWith(".devtunnels.ms", StringComparison.OrdinalIgnoreCase) && response.Status is 404 or 502
                ? Down("dev tunnels", response.Status.ToString(CultureInfo.InvariantCulture))
            : null;

        Finding Down(string whose, string code) => Finding.Fault(
            "tunnel",
            $"The tunnel at {url.Host} is down ({whose}, {code}).",
            "Start the tunnel. If its address changed, change the URL at OpenAI.");
    }

    // https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
    private static string? CloudflareCause(ServerResponse response) => response.Status switch
    {
        520 => "its response is empty or not HTTP",
        521 => "it refuses the connection",
        522 => "the connection times out",
        523 => "there is no route to it",
        524 => "it does not respond in time",
        525 => "the TLS handshake with it fails",
        526 => "its certificate is invalid",
        _ when response.Body.Contains("1016", StringComparison.Ordinal) => "its name does not resolve",
        _ => null,
    };

    public static Finding Explain(Uri url, ServerResponse response)
    {
        string by = response.Gateway is { } gateway ? $", by {gateway}" : "";
        int status = response.Status;
        switch (status)
        {
            case >= 300 and < 400:
                return ExplainRedirect(url, response);
            case 401 when response.Headers["WWW-Authenticate"].Any():
                return Finding.Fault(
                    "authorization",
                    $"A policy requires a login (401{by}). OpenAI does not log in; the signature is the "
                    + "authentication.",
                    Anonymous);
            case 401:
                return Finding.Fault(
                    "authorization",
                    $"The request is rejected with 401{by}. Either a policy requires a login, or the endpoint verifies "
                    + "the signature with another secret.",
                    "Compare the application's secret with this endpoint's secret at OpenAI. If it is the same: "
                    + Anonymous);
            case 403 when response.Gateway is not null:
                return Finding.Fault(
                    "forbidden",
                    $"The request is rejected with 403{by}, probably before it reaches the application, by a firewall, "
                    + "bot protection or an allow list.",
                    "Exempt the endpoint's path there. If the application itself rejects the request, call "
                    + ".AllowAnonymous() on the result of MapOpenAIWebhooks.");
            case 403:
                return Finding.Fault(
                    "forbidden",
                    "The request is rejected with 403: by an authorization policy, an allow list, a firewall in front "
                    + "of the application, or an endpoint that verifies the signature with another secret.",
                    "Call .AllowAnonymous() on the result of MapOpenAIWebhooks. If that does not help, exempt the "
                    + "endpoint's path from address and bot filters. The signature is the authentication. If the "
                    + "endpoint is your own code, compare its secret with this endpoint's secret at OpenAI.");
            case 404:
                return Finding.Fault(
                    "path",
                    $"There is no endpoint at {url.AbsolutePath} (404{(response.IsHtml ? ", an HTML page" : "")}) or "
                    + "at similar paths.",
                    "Compare the path with the one that the application logs at startup (\"receives OpenAI "
                    + "webhooks\"). Consider the path base, and any prefix that a proxy removes. If the endpoint uses "
                    + $"RequireHost, {url.Host} must be one of its hosts. If the endpoint is your own code and rejects "
                    + "signatures with 404, compare its secret with this endpoint's secret at OpenAI.");
            case 405:
                return Finding.Fault(
                    "method",
                    $"{url.AbsolutePath} does not accept POST "
                    + (response.Headers["Allow"].FirstOrDefault() is { Length: > 0 } allow
                        ? $"(405, only {allow})."
                        : "(405)."),
                    "Map the endpoint with MapOpenAIWebhooks, or [HttpPost], at this path. A static file or a page may "
                    + "be using the path.");
            case 413:
                return Finding.Fault(
                    "body_limit",
                    "Even a small body is too large (413).",
                    "Raise OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's "
                    + "client_max_body_size, to 256 KiB.");
            case 415:
                return Finding.Fault(
                    "content_type",
                    "The content type application/json is rejected (415).",
                    "Make the action accept application/json. [Consumes] or [FromForm] may require another type, or a "
                    + "proxy may change the header.");
            case 429:
                return Finding.Fault(
                    "rate_limit",
                    $"A rate limit rejects the request (429{by}).",
                    "Exempt the endpoint: call .DisableRateLimiting() on the result of MapOpenAIWebhooks, or exempt "
                    + "its path at the gateway. OpenAI may send many deliveries at once.");
            case 502 or 503 or 504:
                return Finding.Fault(
                    "behind_proxy",
                    $"The response {status}{by} does not come from the endpoint. Either a proxy cannot reach the "
                    + "application, the application is starting or in maintenance, or a rate limit rejects the request "
                    + "(with 503 by default in ASP.NET Core).",
                    "Start the application, and check its address in the proxy's configuration. Exempt the endpoint "
                    + "from rate limits with .DisableRateLimiting().");
            case 422:
                return Finding.Fault(
                    "rejected_before",
                    $"The request is rejected with 422{by}. Either something validates the body before the endpoint, "
                    + "or the endpoint verifies the signature with another secret.",
                    "Exempt the path from model binding and validation. Compare the application's secret with this "
                    + "endpoint's secret at OpenAI.");
            case >= 500:
                return Finding.Fault(
                    "fails_unsigned",
                    $"The application fails with {status} before the endpoint verifies anything, or because the "
                    + "signature does not match its secret.",
                    response.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase)
                    ? "Antiforgery rejects the request. Exempt the endpoint with [IgnoreAntiforgeryToken] or "
                        + ".DisableAntiforgery()."
                        : "Look for the exception in the application's log. Middleware may fail when it reads the body "
                            + "or a header, the antiforgery service may reject the request, or two endpoints may have "
                            + "the same path.");
            case >= 200 and < 300 when response.IsHtml:
                return Finding.Fault(
                    "html_page",
                    $"An HTML page responds instead of the endpoint ({status}): a login, start or error page, or a "
                    + "tunnel's warning page. OpenAI would count deliveries as successful.",
                    "Map the endpoint before the fallback page, exempt its path from logins, and do not replace the "
                    + "status codes of errors.");
            case >= 200 and < 300:
                return Finding.Fault(
                    "accepts_unsigned",
                    $"A request without a signature is accepted ({status}). Either anyone can send events, or "
                    + "something in front of the endpoint responds.",
                    "Verify the signature: MapOpenAIWebhooks does. Check what responds at this path.");
            default:
                return Finding.Fault(
                    "unexpected",
                    $"The response {status}{by} does not come from the endpoint.",
                    "Check what responds at this path.");
        }
    }

    private static Uri? Target(Uri url, ServerResponse response)
        => Uri.TryCreate(url, response.Headers["Location"].FirstOrDefault() ?? "", out var target) ? target : null;

    private static bool HasSamePath(Uri url, Uri target)
        => target.AbsolutePath.TrimEnd('/') == url.AbsolutePath.TrimEnd('/');

    private static Finding ExplainRedirect(Uri url, ServerResponse response)
    {
        int status = response.Status;
        const string NotFollowed = "OpenAI does not follow redirects.";
        const string Forwarded =
            "Behind a proxy that terminates TLS, call app.UseForwardedHeaders() before app.UseHttpsRedirection().";
        if (Target(url, response) is not { } target || !response.Headers["Location"].Any())
        {
            return Finding.Fault(
                "redirect",
                $"The server redirects ({status}) without a usable Location header. {NotFollowed}",
                "Make the endpoint respond without a redirect.");
        }

        string to = Words.Of(target);
        bool isSamePath = HasSamePath(url, target);
        return !isSamePath
            && LoginWords.Any(word => target.ToString().Contains(word, StringComparison.OrdinalIgnoreCase))
                ? Finding.Fault(
                    "authorization",
                    $"A policy requires a login ({status} to {to}). OpenAI does not log in; the signature is the "
                    + "authentication.",
                    "Call .AllowAnonymous() on the result of MapOpenAIWebhooks. If a proxy requires the login, exempt "
                    + "the path there.")
            : !isSamePath
                ? Finding.Fault(
                    "redirect",
                    $"The server redirects to {to} ({status}), which is another path or an error page. {NotFollowed}",
                    $"If the endpoint is there, use that URL here and at OpenAI. Otherwise, compare {url.AbsolutePath} "
                    + "with the path that the application logs at startup.")
            : target.Host != url.Host
                ? Finding.Fault(
                    "redirect",
                    $"The server redirects to the host {target.Host} ({status}). {NotFollowed}",
                    $"Use {to} here and at OpenAI.")
            : target.Scheme != url.Scheme && target.Scheme == Uri.UriSchemeHttps
                ? Finding.Fault(
                    "redirect",
                    $"The server redirects to https ({status}). {NotFollowed}",
                    $"Use {to}, at OpenAI too. {Forwarded}")
            : target.AbsolutePath != url.AbsolutePath
                ? Finding.Fault(
                    "redirect",
                    $"The server redirects ({status}) because of a slash at the end of the path. {NotFollowed}",
                    $"Use {to} here and at OpenAI.")
            : Finding.Fault(
                "redirect",
                $"The server redirects to {to} ({status}), which is the same endpoint. {NotFollowed}",
                Forwarded);
    }
}
