namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Similar paths that may have been intended.</summary>
internal static class NearPaths
{
    // Common endpoint paths.
    private static readonly string[] Usual = [
        "/webhooks/openai",
        "/webhook/openai",
        "/webhooks",
        "/webhook",
        "/openai/webhooks",
        "/openai/webhook",
        "/api/webhooks/openai",
        "/api/webhooks",
        "/api/webhook",
        "/"];

    /// <summary>The likely ones first.</summary>
    public static IEnumerable<string> Of(string path)
    {
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> near =
        [
            path.TrimEnd('/'),
            path.TrimEnd('/') + "/",
            path.Replace("//", "/", StringComparison.Ordinal),
            Uri.UnescapeDataString(path).Trim().TrimEnd('/'),
            path.ToLowerInvariant(),
            .. segments.Select((_, i) => "/" + string.Join('/', segments[i..])),
            .. segments.Select((_, i) => "/" + string.Join('/', segments[..^i])),
            "/" + string.Join('/', segments.Reverse()),
            "/api" + path,
            "/v1" + path,
            path.Replace("webhooks", "webhook", StringComparison.OrdinalIgnoreCase),
            path.Replace("webhook", "webhooks", StringComparison.OrdinalIgnoreCase),
            path.Replace('_', '-'),
            path.Replace("-", "", StringComparison.Ordinal),
            path.Replace("web-hook", "webhook", StringComparison.OrdinalIgnoreCase),
            path.TrimEnd('/') + "/openai", path.TrimEnd('/') + "/webhooks",
            .. Usual, .. segments.Take(1).SelectMany(first => Usual.Select(usual => $"/{first}{usual}")),
        ];
        return near.Where(candidate => candidate.Length > 0 && candidate != path).Distinct();
    }
}
