#if NET
using System.Buffers;
#endif
using System.Diagnostics.CodeAnalysis;
#if NET
using System.Security.Cryptography;
#endif
using System.Text;

namespace OpenAI.Webhooks;

/// <summary>
/// Verifies that webhooks come from OpenAI, with Standard Webhooks 1.0.0 signatures, and unwraps their events. Create
/// one instance and reuse it: it is safe to share between threads.
/// </summary>
/// <example>
/// <code>
/// var webhooks = new WebhookVerifier(secret);
/// WebhookDelivery delivery = webhooks.Unwrap(body, WebhookHeaders.From(headers));
/// </code>
/// </example>
public sealed class WebhookVerifier
{
    private const string Version = "v1,";
    private const long MaxTimestamp = 253_402_300_799;
    private const int MaxTimestampLength = 19;

    private readonly WebhookSecret[] _secrets;
    private readonly long? _tolerance;
    private readonly TimeProvider _timeProvider;

    /// <summary>Creates a verifier for one secret, with a tolerance of 5 minutes.</summary>
    /// <param name="secret">The webhook's secret, as <see cref="WebhookSecrets"/> describes it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="secret"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The secret is not <c>whsec_</c> and the canonical base64 of at least 24 bytes. The message does not quote it.
    /// </exception>
    public WebhookVerifier(string secret)
        : this(new WebhookVerifierOptions { Secrets = [secret] }, nameof(secret))
    {
    }

    /// <summary>Creates a verifier for several secrets, another tolerance, or another clock.</summary>
    /// <param name="options">The options. Must not be null. They are read only once, by this constructor.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> or one of its members is null.</exception>
    /// <exception cref="ArgumentException">
    /// There is no secret, or a secret is invalid, as for <see cref="WebhookVerifier(string)"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is negative and not infinite.</exception>
    public WebhookVerifier(WebhookVerifierOptions options)
        : this(options, nameof(options))
    {
    }

    private WebhookVerifier(WebhookVerifierOptions options, string paramName)
    {
        _ = options ?? throw new ArgumentNullException(nameof(options));
        var secrets = new List<WebhookSecret>();
        foreach (string secret in options.Secrets ?? throw NullMember(nameof(options.Secrets)))
        {
            secrets.Add(WebhookSecret.Parse(secret, paramName));
        }

        _secrets = secrets.ToArray();
        _timeProvider = options.TimeProvider ?? throw NullMember(nameof(options.TimeProvider));
        if (_secrets.Length == 0)
        {
            throw new ArgumentException("No webhook secret is set. At least one is required.", nameof(options));
        }

        if (options.Tolerance != Timeout.InfiniteTimeSpan)
        {
            _tolerance = options.Tolerance >= TimeSpan.Zero
                ? options.Tolerance.Ticks / TimeSpan.TicksPerSecond
                : throw new ArgumentOutOfRangeException(
                    nameof(options), "The tolerance is negative. To turn off the timestamp check, use "
                        + $"{nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}.");
        }

        static ArgumentNullException NullMember(string name) => new(nameof(options), $"{name} is null.");
    }

    /// <summary>
    /// Returns whether the headers alone are enough to reject a webhook, so that its body need not be read: a header is
    /// missing, blank or repeated, or the timestamp is not a number or is outside the tolerance.
    /// </summary>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <param name="failure">Why it is rejected; <see cref="WebhookVerificationFailure.None"/> if it is not.</param>
    /// <returns>
    /// True if the webhook is rejected. False does not mean that it is authentic: verify it with its body.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public bool RejectsByHeaders(WebhookHeaders headers, out WebhookVerificationFailure failure)
    {
        failure = CheckHeaders(headers ?? throw new ArgumentNullException(nameof(headers)), out _);
        return failure != WebhookVerificationFailure.None;
    }

    /// <summary>Returns whether a webhook is authentic.</summary>
    /// <param name="payload">The request's body, byte for byte as it was received.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <param name="failure">Why not; <see cref="WebhookVerificationFailure.None"/> if it is.</param>
    /// <returns>True if it is authentic. No input from a sender makes this method throw.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public bool TryVerify(ReadOnlySpan<byte> payload, WebhookHeaders headers, out WebhookVerificationFailure failure)
    {
        failure = Check(payload, headers ?? throw new ArgumentNullException(nameof(headers)), out _);
        return failure == WebhookVerificationFailure.None;
    }

    /// <summary>Returns whether a webhook is authentic, for hosts that provide the body only as text.</summary>
    /// <param name="payload">The request's body, neither parsed nor trimmed. Must not be null.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <param name="failure">Why not; <see cref="WebhookVerificationFailure.None"/> if it is.</param>
    /// <returns>True if it is authentic. No input from a sender makes this method throw.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public bool TryVerify(string payload, WebhookHeaders headers, out WebhookVerificationFailure failure)
        => TryVerify(ToUtf8(payload), headers, out failure);

    /// <summary>Throws if a webhook is not authentic.</summary>
    /// <param name="payload">The request's body, byte for byte as it was received.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <exception cref="InvalidWebhookSignatureException">It is not; the message says why.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public void Verify(ReadOnlySpan<byte> payload, WebhookHeaders headers)
    {
        if (!TryVerify(payload, headers, out var failure))
        {
            throw new InvalidWebhookSignatureException(failure);
        }
    }

    /// <summary>Throws if a webhook is not authentic, for hosts that provide the body only as text.</summary>
    /// <param name="payload">The request's body, neither parsed nor trimmed. Must not be null.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <exception cref="InvalidWebhookSignatureException">It is not; the message says why.</exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public void Verify(string payload, WebhookHeaders headers) => Verify(ToUtf8(payload), headers);

    /// <summary>Verifies a webhook, then reads the event from the same bytes.</summary>
    /// <param name="payload">The request's body, byte for byte as it was received.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <returns>The delivery. It refers to the payload's memory, and copies nothing.</returns>
    /// <exception cref="InvalidWebhookSignatureException">
    /// The webhook is not authentic; the message says why.
    /// </exception>
    /// <exception cref="UnreadableWebhookException">
    /// The webhook is authentic, and its payload is not an event.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public WebhookDelivery Unwrap(ReadOnlyMemory<byte> payload, WebhookHeaders headers)
    {
        var failure = Check(
            payload.Span, headers ?? throw new ArgumentNullException(nameof(headers)), out long timestamp);
        return failure == WebhookVerificationFailure.None
            ? new(headers.Id!, DateTimeOffset.FromUnixTimeSeconds(timestamp), payload)
            : throw new InvalidWebhookSignatureException(failure);
    }

    /// <summary>
    /// Verifies a webhook, then reads the event, for hosts that provide the body only as text. If the host decoded
    /// bytes that were not UTF-8, no signature matches.
    /// </summary>
    /// <param name="payload">The request's body, neither parsed nor trimmed. Must not be null.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <returns>The delivery.</returns>
    /// <exception cref="InvalidWebhookSignatureException">
    /// The webhook is not authentic; the message says why.
    /// </exception>
    /// <exception cref="UnreadableWebhookException">
    /// The webhook is authentic, and its payload is not an event.
    /// </exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public WebhookDelivery Unwrap(string payload, WebhookHeaders headers)
        => Unwrap(ToUtf8(payload), headers);

    /// <summary>Verifies a webhook, then reads the event from the same bytes.</summary>
    /// <param name="payload">The request's body, byte for byte as it was received.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <param name="delivery">
    /// The delivery, or null if there is a failure. It refers to the payload's memory, and copies nothing.
    /// </param>
    /// <param name="failure">
    /// Why there is no delivery; <see cref="WebhookVerificationFailure.None"/> if there is one. If the webhook is
    /// authentic and its payload is not an event, the failure is <see cref="WebhookVerificationFailure.Unreadable"/>;
    /// <c>Unwrap</c> says what is wrong.
    /// </param>
    /// <returns>True if there is a delivery. No input from a sender makes this method throw.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public bool TryUnwrap(
        ReadOnlyMemory<byte> payload,
        WebhookHeaders headers,
        [NotNullWhen(true)] out WebhookDelivery? delivery,
        out WebhookVerificationFailure failure)
    {
        failure = Check(payload.Span, headers ?? throw new ArgumentNullException(nameof(headers)), out long timestamp);
        delivery = null;
        if (failure == WebhookVerificationFailure.None)
        {
            try
            {
                delivery = new(headers.Id!, DateTimeOffset.FromUnixTimeSeconds(timestamp), payload);
            }
            catch (UnreadableWebhookException)
            {
                failure = WebhookVerificationFailure.Unreadable;
            }
        }

        return delivery is not null;
    }

    /// <summary>Verifies a webhook, then reads the event, for hosts that provide the body only as text.</summary>
    /// <param name="payload">The request's body, neither parsed nor trimmed. Must not be null.</param>
    /// <param name="headers">The request's webhook headers. Must not be null.</param>
    /// <param name="delivery">The delivery, or null if there is a failure.</param>
    /// <param name="failure">Why there is no delivery, as for the other overload.</param>
    /// <returns>True if there is a delivery. No input from a sender makes this method throw.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public bool TryUnwrap(
        string payload,
        WebhookHeaders headers,
        [NotNullWhen(true)] out WebhookDelivery? delivery,
        out WebhookVerificationFailure failure)
        => TryUnwrap(ToUtf8(payload), headers, out delivery, out failure);

    private static byte[] ToUtf8(string payload)
        => Encoding.UTF8.GetBytes(payload ?? throw new ArgumentNullException(nameof(payload)));

    private WebhookVerificationFailure Check(ReadOnlySpan<byte> payload, WebhookHeaders headers, out long timestamp)
    {
        var failure = CheckHeaders(headers, out timestamp);
        return failure != WebhookVerificationFailure.None ? failure
            : IsSigned(payload, headers) ? WebhookVerificationFailure.None
            : WebhookVerificationFailure.SignatureMismatch;
    }

    private WebhookVerificationFailure CheckHeaders(WebhookHeaders headers, out long timestamp)
    {
        timestamp = 0;
        if (headers.Failure != WebhookVerificationFailure.None)
        {
            return headers.Failure;
        }

        if (!TryParseTimestamp(headers.Timestamp!, out timestamp))
        {
            return WebhookVerificationFailure.InvalidTimestamp;
        }

        // Both are between the years 1 and 9999, so the difference cannot overflow.
        long age = _timeProvider.GetUtcNow().ToUnixTimeSeconds() - timestamp;
        return age > _tolerance ? WebhookVerificationFailure.TimestampTooOld
            : -age > _tolerance ? WebhookVerificationFailure.TimestampTooNew
            : WebhookVerificationFailure.None;
    }

    // Do not use long.TryParse: it accepts NUL characters after the digits.
    private static bool TryParseTimestamp(string text, out long timestamp)
    {
        timestamp = 0;
        if (text.Length > MaxTimestampLength)
        {
            return false;
        }

        foreach (char digit in text)
        {
            if (digit is < '0' or > '9' || timestamp > MaxTimestamp)
            {
                return false;
            }

            timestamp = (timestamp * 10) + (digit - '0');
        }

        return timestamp <= MaxTimestamp;
    }

    private bool IsSigned(ReadOnlySpan<byte> payload, WebhookHeaders headers)
    {
        Span<byte> expected = stackalloc byte[WebhookSecret.SignatureLength];
        bool isSigned = false;
        foreach (var secret in _secrets)
        {
            secret.Sign(headers.Id!, headers.Timestamp!, payload, expected);
            isSigned |= ContainsEntry(headers.Signature.AsSpan(), expected);
        }

        return isSigned;
    }

    private static bool ContainsEntry(ReadOnlySpan<char> entries, ReadOnlySpan<byte> expected)
    {
        Span<byte> candidate = stackalloc byte[WebhookSecret.SignatureLength];
        bool contains = false;
        while (!entries.IsEmpty)
        {
            int end = entries.IndexOfAny(' ', '\t');
            var entry = end == -1 ? entries : entries.Slice(0, end);
            contains |= TryReadEntry(entry, candidate) && FixedTimeEquals(candidate, expected);
            entries = entries.Slice(end == -1 ? entries.Length : end + 1);
        }

        return contains;
    }

    // The sender already knows an entry's version, length and characters. Only the signature is compared in constant
    // time.
    private static bool TryReadEntry(ReadOnlySpan<char> entry, Span<byte> signature)
    {
        if (entry.Length != Version.Length + signature.Length
            || !entry.StartsWith(Version.AsSpan(), StringComparison.Ordinal))
        {
            return false;
        }

        entry = entry.Slice(Version.Length);
#if NET
        return Ascii.FromUtf16(entry, signature, out _) == OperationStatus.Done;
#else
        for (int i = 0; i < signature.Length; i++)
        {
            if (entry[i] > 127)
            {
                return false;
            }

            signature[i] = (byte)entry[i];
        }

        return true;
#endif
    }

    private static bool FixedTimeEquals(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
#if NET
        => CryptographicOperations.FixedTimeEquals(left, right);
#else
        => FixedTime.Equals(left, right);
#endif
}
