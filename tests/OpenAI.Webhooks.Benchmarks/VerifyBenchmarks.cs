using BenchmarkDotNet.Attributes;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>Verifying a delivery.</summary>
public class VerifyBenchmarks : SignatureBenchmarks
{
    [Benchmark(Baseline = true, Description = "one HMAC, reused keyed instance")]
    public void Floor() => ReusedHash();

    [Benchmark(Description = "WebhookVerifier.TryVerify")]
    public bool TryVerify()
        => Verifier.TryVerify(Body, Headers, out _) ? true : throw new InvalidOperationException();

    [Benchmark(Description = "HMACSHA256.HashData")]
    public void OneShot() => OneShotHash();

    [Benchmark(Description = "as generated SDKs do it")]
    public bool Naive() => NaiveVerify();
}
