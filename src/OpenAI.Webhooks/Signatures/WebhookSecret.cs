using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace OpenAI.Webhooks;

/// <summary>A secret, ready to sign. Safe to share between threads. It never reveals its value.</summary>
[DebuggerDisplay("WebhookSecret")]
internal sealed class WebhookSecret
{
    /// <summary>The length of a signature, in characters of ASCII: the base64 of 32 bytes.</summary>
    public const int SignatureLength = 44;

    private const string Prefix = "whsec_";
    private const int MinKeyLength = 24;
    private const int NewKeyLength = 32;
    private const int MaxStackLength = 1024;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _key;

    // Keying a hash costs as much as hashing a small payload, so keyed hashes are pooled. One slot avoids the queue.
    private readonly ConcurrentQueue<IncrementalHash> _idle = new();
    private IncrementalHash? _first;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>Reads a secret as OpenAI shows it.</summary>
    /// <exception cref="ArgumentException">
    /// The secret is invalid. The message says why, and does not quote the secret.
    /// </exception>
    public static WebhookSecret Parse(string secret, string paramName)
    {
        secret = secret?.Trim(' ', '\t', '\n', '\r', '\v', '\f') ?? throw new ArgumentNullException(
            paramName, "A webhook secret is null. Check that its setting or environment variable exists.");
        if (secret.Length == 0)
        {
            throw new ArgumentException(
                "The webhook secret is empty. Set it as OpenAI shows it: whsec_ and base64.", paramName);
        }

        if (!secret.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                "The webhook secret does not begin with whsec_. Set the secret itself, as OpenAI shows it, without "
                + "quotation marks: "
                + "not an API key, an id, a path, or a variable that was not replaced by its value.",
                paramName);
        }

        byte[] key = DecodeCanonically(secret.Substring(Prefix.Length)) ?? throw new ArgumentException(
            "The webhook secret begins with whsec_, but what follows is not canonical base64. Copy the whole "
            + "secret again.", paramName);
        return key.Length >= MinKeyLength ? new(key) : throw new ArgumentException(
            $"The webhook secret is too short: {key.Length} bytes, but at least {MinKeyLength} are required. Copy the "
            + "whole secret again.", paramName);
    }

    /// <summary>Creates a secret with a random key.</summary>
    public static string Create()
    {
        byte[] key = new byte[NewKeyLength];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(key);
        return Prefix + Convert.ToBase64String(key);
    }

    /// <summary>
    /// Signs <c>{id}.{timestamp}.{payload}</c> according to Standard Webhooks 1.0.0, and writes the signature as base64
    /// in ASCII.
    /// </summary>
    public void Sign(string id, string timestamp, ReadOnlySpan<byte> payload, Span<byte> signature)
    {
        int maxLength = Encoding.UTF8.GetMaxByteCount(id.Length + timestamp.Length + 2);
        byte[]? rented = maxLength > MaxStackLength ? ArrayPool<byte>.Shared.Rent(maxLength) : null;
        var head = rented ?? stackalloc byte[MaxStackLength];
        int length = Append(id, head);
        head[length++] = (byte)'.';
        length += Append(timestamp, head.Slice(length));
        head[length++] = (byte)'.';

        // Hash a small payload together with its prefix: each call into the hash costs as much as hashing a few hundred
        // bytes.
        if (payload.TryCopyTo(head.Slice(length)))
        {
            length += payload.Length;
            payload = default;
        }

        Sign(head.Slice(0, length), payload, signature);

        // Stryker disable once Block,Statement : only faster.
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Sign(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, Span<byte> signature)
    {
        var hash = Interlocked.Exchange(ref _first, null);
        if (hash is null && !_idle.TryDequeue(out hash))
        {
            hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        }

#if NET
        Span<byte> digest = stackalloc byte[32];
        hash.AppendData(head);
        if (!payload.IsEmpty)
        {
            hash.AppendData(payload);
        }

        hash.GetHashAndReset(digest);
#else
        hash.AppendData(head.ToArray());
        hash.AppendData(payload.ToArray());
        byte[] digest = hash.GetHashAndReset();
#endif
        Base64.EncodeToUtf8(digest, signature, out _, out _);
        // Stryker disable once Block,Statement : only faster.
        if (Interlocked.CompareExchange(ref _first, hash, null) is not null)
        {
            _idle.Enqueue(hash);
        }
    }

    private static int Append(string text, Span<byte> destination)
    {
#if NET
        return Encoding.UTF8.GetBytes(text, destination);
#else
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.CopyTo(destination);
        return bytes.Length;
#endif
    }

    private static byte[]? DecodeCanonically(string base64)
    {
        try
        {
            byte[] bytes = Convert.FromBase64String(base64);
            return Convert.ToBase64String(bytes) == base64 ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
