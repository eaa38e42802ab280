using BenchmarkDotNet.Attributes;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>How verification grows with the body.</summary>
public class BodyGrowthBenchmarks
{
    private readonly WebhookVerifier _verifier = new(Payloads.Secret);
    private SignedWebhook _signed = null!;

    [Params(1, 16, 256, 1024)]
    public int KiB { get; set; }

    [GlobalSetup]
    public void Setup() => _signed = new WebhookSigner(Payloads.Secret).Sign(new byte[KiB * 1024]);

    [Benchmark(Description = "WebhookVerifier.TryVerify")]
    public bool TryVerify() => _verifier.TryVerify(_signed.GetPayload().Span, _signed.Headers, out _);
}
