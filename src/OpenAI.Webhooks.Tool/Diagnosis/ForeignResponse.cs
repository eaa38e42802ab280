namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Explains a response that is not the endpoint's own: something in front of it or in its place gave it.</summary>
internal static class ForeignResponse
{
    private static readonly string[] LoginWords = ["login", "signin", "sign-in", "account", "oauth", "authorize", "saml"];

    /// <summary>Whether the endpoint may be at another path, and the response is that of whatever answers for paths without one.</summary>
    public static bool MayBeOfAnotherPath(Uri url, ServerResponse response)
        => response.Status is 401 or 403 or 404 or 405 || (response.IsSuccess && response.IsHtml)
            || (response.IsRedirect && !(Target(url, response) is { } target && HasSamePath(url, target)));

    public static Finding Explain(Uri url, ServerResponse response)
    {
        string by = response.Gateway is { } gateway ? $", by {gateway}" : "";
        int status = response.Status;
        switch (status)
        {
            case >= 300 and < 400:
                return ExplainRedirect(url, response);
            case 401:
                return Finding.Fault("authorization", $"A policy demands a login (401{by}). OpenAI has none; the signature is the proof.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns, or put [AllowAnonymous] on the action. If a proxy or gateway demands it, except the path there.");
            case 403 when response.Gateway is not null:
                return Finding.Fault("forbidden", $"The request is refused with 403{by}, most likely before it reaches the application: by a firewall, bot protection or a list of allowed addresses.", "Except the endpoint's path there. If the application itself refuses it, call .AllowAnonymous() on what MapOpenAIWebhooks returns.");
            case 403:
                return Finding.Fault("forbidden", "The request is refused with 403: by an authorization policy, a list of allowed addresses, or a firewall in front.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns. If that is done, except the endpoint's path from what filters addresses or robots; the signature is the proof.");
            case 404:
                return Finding.Fault("path", $"There is nothing at {url.AbsolutePath} (404{(response.IsHtml ? ", an HTML page" : "")}), nor at paths like it.", $"Compare the path with the one that the application logs at start (\"receives OpenAI webhooks\"), with its path base and what a proxy cuts off. If the endpoint is mapped for certain hosts (RequireHost), {url.Host} has to be one.");
            case 405:
                return Finding.Fault("method", $"{url.AbsolutePath} does not take POST (405{(response.Headers["Allow"].FirstOrDefault() is { Length: > 0 } allow ? $", only {allow}" : "")}).", "Map the endpoint with MapOpenAIWebhooks, or [HttpPost], at this path. A static file or a page may have the path instead.");
            case 413:
                return Finding.Fault("body_limit", "Even a small body is too large (413).", "Raise OpenAI:Webhooks:MaxBodyBytes, the server's MaxRequestBodySize, or the proxy's client_max_body_size, to 256 KiB.");
            case 415:
                return Finding.Fault("content_type", "The content type application/json is refused (415).", "Let the action take application/json: [Consumes] or [FromForm] on it may demand another, and a proxy may change the header.");
            case 429:
                return Finding.Fault("rate_limit", $"A rate limit refuses the request (429{by}).", "Except the endpoint: .DisableRateLimiting() on what MapOpenAIWebhooks returns, or its path at the gateway. OpenAI may send many deliveries at once.");
            case 502 or 503 or 504:
                return Finding.Fault("behind_proxy", $"The response is {status}{by}, and not the endpoint's: a proxy does not reach the application, the application is starting or in maintenance, or a rate limit refuses the request (ASP.NET Core's is 503 by default).", "Start the application, and check the address that the proxy has for it. Except the endpoint from rate limits: .DisableRateLimiting().");
            case >= 500:
                return Finding.Fault("fails_unsigned", $"The application fails with {status} before the endpoint verifies anything.", response.Body.Contains("forgery", StringComparison.OrdinalIgnoreCase)
                    ? "Antiforgery refuses the request. Except the endpoint: [IgnoreAntiforgeryToken], or .DisableAntiforgery()." : "Look at the exception in its log. Middleware may read the body or a header and fail, the antiforgery service may refuse it, or two endpoints have the same path.");
            case >= 200 and < 300 when response.IsHtml:
                return Finding.Fault("html_page", $"A page responds ({status}, HTML), not the endpoint: a login, start or error page, or a tunnel's warning. OpenAI would count deliveries as done.", "Map the endpoint before the fallback to a page, except its path from logins, and let errors keep their status.");
            case >= 200 and < 300:
                return Finding.Fault("accepts_unsigned", $"A request without a signature is accepted ({status}). Either anybody can send events, or something in front responds for the endpoint.", "Verify the signature: MapOpenAIWebhooks does. Check what responds at this path.");
            default:
                return Finding.Fault("unexpected", $"The response is {status}{by}, which is not the endpoint's.", "Check what responds at this path.");
        }
    }

    private static Uri? Target(Uri url, ServerResponse response) => Uri.TryCreate(url, response.Headers["Location"].FirstOrDefault() ?? "", out var target) ? target : null;

    private static bool HasSamePath(Uri url, Uri target) => target.AbsolutePath.TrimEnd('/') == url.AbsolutePath.TrimEnd('/');

    private static Finding ExplainRedirect(Uri url, ServerResponse response)
    {
        int status = response.Status;
        const string NotFollowed = "OpenAI does not follow redirects.";
        const string Forwarded = "Behind a proxy that terminates TLS, call app.UseForwardedHeaders() before app.UseHttpsRedirection().";
        if (Target(url, response) is not { } target || !response.Headers["Location"].Any())
        {
            return Finding.Fault("redirect", $"The server redirects ({status}) without a usable location. {NotFollowed}", "Let the endpoint respond itself.");
        }

        string to = Words.Of(target);
        bool isSamePath = HasSamePath(url, target);
        return !isSamePath && LoginWords.Any(word => target.ToString().Contains(word, StringComparison.OrdinalIgnoreCase))
                ? Finding.Fault("authorization", $"A policy demands a login ({status} to {to}). OpenAI has none; the signature is the proof.", "Call .AllowAnonymous() on what MapOpenAIWebhooks returns, or except the path where a proxy demands it.")
            : !isSamePath
                ? Finding.Fault("redirect", $"The server redirects to {to} ({status}): to another path, or to a page for errors. {NotFollowed}", $"If the endpoint is there, use that URL, at OpenAI too. Otherwise compare {url.AbsolutePath} with the path that the application logs at start.")
            : target.Host != url.Host
                ? Finding.Fault("redirect", $"The server redirects to the host {target.Host} ({status}). {NotFollowed}", $"Use {to}, at OpenAI too.")
            : target.Scheme != url.Scheme && target.Scheme == Uri.UriSchemeHttps
                ? Finding.Fault("redirect", $"The server redirects to https ({status}). {NotFollowed}", $"Use {to}, at OpenAI too. {Forwarded}")
            : target.AbsolutePath != url.AbsolutePath
                ? Finding.Fault("redirect", $"The server redirects ({status}) because of a slash at the end of the path. {NotFollowed}", $"Use {to}, at OpenAI too.")
            : Finding.Fault("redirect", $"The server redirects to {to} ({status}), which is the same endpoint. {NotFollowed}", Forwarded);
    }
}
