using BenchmarkDotNet.Attributes;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>How verification grows with the candidates in the signature header.</summary>
public class CandidateGrowthBenchmarks
{
    private readonly WebhookVerifier _verifier = new(Payloads.Secret);
    private readonly byte[] _body = Payloads.Get(Payloads.Published);
    private WebhookHeaders _headers = null!;

    [Params(1, 100, 1_000, 10_000)]
    public int Candidates { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var signed = new WebhookSigner(Payloads.Secret).Sign(_body).Headers;
        string noise = string.Concat(
            Enumerable.Repeat("v1,eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg= ", Candidates - 1));
        var headers = signed.ToDictionary();
        headers[WebhookHeaders.SignatureName] = noise + headers[WebhookHeaders.SignatureName];
        _headers = WebhookHeaders.From(headers);
    }

    [Benchmark(Description = "WebhookVerifier.TryVerify")]
    public bool TryVerify() => _verifier.TryVerify(_body, _headers, out _);
}
