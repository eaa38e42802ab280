namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Similar paths that may have been intended.</summary>
internal static class NearPaths
{
    // Common endpoint paths.
    private static readonly string[] Usual = [
        "/webhooks/openai",
        "/api/webhooks/openai",
        "/webhook",
        "/webhooks",
        "/openai/webhook",
        "/openai/webhooks",
        "/api/webhook",
        "/api/webhooks",
        "/"];

    /// <summary>The likely ones first.</summary>
    public static IEnumerable<string> Of(string path)
    {
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> near =
        [
            path.TrimEnd('/'),
            path.Replace("//", "/", StringComparison.Ordinal),
            Uri.UnescapeDataString(path).Trim().TrimEnd('/'),
            path.ToLowerInvariant(),
            .. segments.Skip(1).Select((_, i) => "/" + string.Join('/', segments[(i + 1)..])),
            "/api" + path,
            path.Contains("webhooks", StringComparison.OrdinalIgnoreCase)
                ? path.Replace("webhooks", "webhook", StringComparison.OrdinalIgnoreCase)
                : path.Replace("webhook", "webhooks", StringComparison.OrdinalIgnoreCase),
            path.Replace("web-hook", "webhook", StringComparison.OrdinalIgnoreCase),
            .. segments.Length > 1 ? ["/" + string.Join('/', segments[..^1])] : (string[])[],
            path.TrimEnd('/') + "/openai",
            .. Usual,
        ];
        return near.Where(candidate => candidate.Length > 0 && candidate != path).Distinct();
    }
}
