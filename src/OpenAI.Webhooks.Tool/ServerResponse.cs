using System.Globalization;

namespace OpenAI.Webhooks.Tool;

/// <summary>What a server responded.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Headers">The headers, also those of the content.</param>
/// <param name="ServerTime">The responder's clock; null if the response has no time.</param>
/// <param name="Body">The beginning of the body.</param>
internal sealed record ServerResponse(
    int Status, TimeSpan Elapsed, ILookup<string, string> Headers, DateTimeOffset? ServerTime, string Body)
{
    /// <summary>Whether the body ended within a second and 64 KiB.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>Why the library's endpoint rejected the request; null if it does not say.</summary>
    public string? RejectedReason => Headers["webhook-rejected"].FirstOrDefault();

    public bool IsSuccess => Status is >= 200 and < 300;

    public bool IsRedirect => Status is >= 300 and < 400;

    public bool IsHtml
        => Headers["Content-Type"].Any(type => type.Contains("html", StringComparison.OrdinalIgnoreCase))
        || Body.Contains("<html", StringComparison.OrdinalIgnoreCase);

    /// <summary>The proxy or gateway in front of the server, if it identifies itself; otherwise null.</summary>
    public string? Gateway => Headers["CF-RAY"].Any() || Headers["Server"].Contains("cloudflare") ? "Cloudflare"
        : Headers["Server"].FirstOrDefault(
            server => Gateways.Any(name => server.Contains(name, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The status, the elapsed time, and what the status means to OpenAI.</summary>
    public string Summary
        => string.Create(CultureInfo.InvariantCulture, $"{Status} in {Elapsed.TotalMilliseconds:F0} ms: {Meaning}");

    private static string[] Gateways => [
        "nginx",
        "cloudfront",
        "awselb",
        "apache",
        "envoy",
        "traefik",
        "caddy",
        "haproxy",
        "akamai",
        "azure-",
        "google frontend"];

    private string Meaning => Status switch
    {
        >= 200 and < 300 => "delivered",
        >= 300 and < 400 => "failed: OpenAI does not follow redirects; it retries for up to 72 hours",
        _ => "failed: OpenAI retries for up to 72 hours",
    };
}
