using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenAI.Webhooks.Tests;

/// <summary>A case of Fixtures/signatures.json, whose policy is the specification of the signatures.</summary>
internal sealed record SignatureVector(
    string Name,
    string[] Secrets,
    string[][] Headers,
    string? Payload,
    [property: JsonPropertyName("payload_base64")] byte[] Bytes,
    long Now,
    [property: JsonPropertyName("tolerance_seconds")] int? Tolerance,
    [property: JsonPropertyName("expected_reason")] string Reason)
{
    public static IReadOnlyDictionary<string, SignatureVector> All { get; } = JsonDocument
        .Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "signatures.json")))
        .RootElement.GetProperty("vectors")
        .Deserialize<SignatureVector[]>(JsonSerializerOptions.Web)!
        .ToDictionary(vector => vector.Name);

    public static SignatureVector Published => All["openai-standard"];

    public WebhookHeaders WebhookHeaders
        => WebhookHeaders.From(Headers.Select(pair => KeyValuePair.Create(pair[0], pair[1])));

    public WebhookVerifier MakeVerifier() => new(new WebhookVerifierOptions
    {
        Secrets = Secrets,
        Tolerance = Tolerance is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
        TimeProvider = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(Now)),
    });
}
