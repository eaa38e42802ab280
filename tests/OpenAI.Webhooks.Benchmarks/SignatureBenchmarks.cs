using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BenchmarkDotNet.Attributes;

namespace OpenAI.Webhooks.Benchmarks;

/// <summary>What verification is measured against.</summary>
public abstract class SignatureBenchmarks
{
    private static readonly JsonSerializerOptions Reflection = new()
    {
        AllowOutOfOrderMetadataProperties = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private readonly byte[] _digest = new byte[32];
    private readonly byte[] _key = Convert.FromBase64String(Payloads.Secret["whsec_".Length..]);
    private IncrementalHash _keyed = null!;
    private byte[] _signed = [];
    private string _signature = "";

    [Params(Payloads.Published, Payloads.Sip, Payloads.Unknown)]
    public string Payload { get; set; } = Payloads.Published;

    protected byte[] Body { get; private set; } = [];

    protected WebhookHeaders Headers { get; private set; } = null!;

    protected WebhookVerifier Verifier { get; } = new(Payloads.Secret);

    [GlobalSetup]
    public void Setup()
    {
        Body = Payloads.Get(Payload);
        var now = DateTimeOffset.UtcNow.AddMinutes(4);
        Headers = new WebhookSigner(Payloads.Secret, new ClockAt(now)).Sign(
            Body, "wh_685c059ae39c8190af8c71ed1022a24d").Headers;
        _signature = Headers.ToDictionary()[WebhookHeaders.SignatureName];
        _signed = [.. Encoding.UTF8.GetBytes($"{Headers.Id}.{Headers.Timestamp}."), .. Body];
        _keyed = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
    }

    protected void ReusedHash()
    {
        _keyed.AppendData(_signed);
        _keyed.GetHashAndReset(_digest);
    }

    protected void OneShotHash() => HMACSHA256.HashData(_key, _signed, _digest);

    protected long BarePass()
    {
        var reader = new Utf8JsonReader(Body);
        while (reader.Read())
        {
        }

        return reader.BytesConsumed;
    }

    /// <summary>As generated SDKs do it.</summary>
    protected bool NaiveVerify()
    {
        string body = Encoding.UTF8.GetString(Body);
        using var hmac = new HMACSHA256(Convert.FromBase64String(Payloads.Secret["whsec_".Length..]));
        string expected = Convert.ToBase64String(
            hmac.ComputeHash(Encoding.UTF8.GetBytes($"{Headers.Id}.{Headers.Timestamp}.{body}")));
        return _signature.Split(' ').Any(signature => signature.Split(',')[1] == expected);
    }

    protected object? NaiveUnwrap()
    {
        if (!NaiveVerify())
        {
            throw new InvalidOperationException();
        }

        string body = Encoding.UTF8.GetString(Body);
        return Payload == Payloads.Unknown
            ? JsonSerializer.Deserialize<JsonElement>(body, Reflection)
            : JsonSerializer.Deserialize<UnwrapWebhookEvent>(body, Reflection);
    }

    private sealed class ClockAt(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
