using BenchmarkDotNet.Attributes;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>Verifying a delivery and reading its event.</summary>
public class UnwrapBenchmarks : SignatureBenchmarks
{
    [Benchmark(Baseline = true, Description = "one HMAC and a bare pass")]
    public long Floor()
    {
        ReusedHash();
        return BarePass();
    }

    [Benchmark(Description = "WebhookVerifier.Unwrap")]
    public WebhookDelivery Unwrap() => Verifier.Unwrap(Body, Headers);

    [Benchmark(Description = "the naive way")]
    public object? Naive() => NaiveUnwrap();
}
