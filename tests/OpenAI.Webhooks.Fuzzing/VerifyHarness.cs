using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.Fuzzing;

/// <summary>
/// <c>WebhookVerifier.TryVerify</c> beside a second computation of the policy, written to be obvious and not fast.
/// </summary>
/// <remarks>
/// The input looks like a request: a line with the names of the secrets that the receiver has, headers, a blank line,
/// the body. <c>{a}</c>, <c>{b}</c> and <c>{c}</c> in a header stand for the right signature under that secret.
/// </remarks>
internal static class VerifyHarness
{
    private const long Now = 1_750_861_210;
    private const long Tolerance = 300;

    private static readonly Dictionary<char, byte[]> Keys = new()
    {
        ['a'] = [.. Enumerable.Range(0, 24).Select(i => (byte)i)],
        ['b'] = [.. Enumerable.Range(1, 64).Select(i => (byte)(i * 3))],
        ['c'] = [.. Enumerable.Range(0, 100).Select(i => (byte)(255 - i))],
    };

    private static readonly FixedClock Clock = new(DateTimeOffset.FromUnixTimeSeconds(Now));

    public static void Run(byte[] input)
    {
        int end = input.AsSpan().IndexOf("\n\n"u8);
        string[] lines = Encoding.UTF8.GetString(end < 0 ? input : input[..end]).Split('\n');
        byte[] body = end < 0 ? [] : input[(end + 2)..];

        char[] names = [.. lines[0].Where(Keys.ContainsKey)];
        names = names.Length > 0 ? names : ['a'];
        var verifier = new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [.. names.Select(name => "whsec_" + Convert.ToBase64String(Keys[name]))],
            TimeProvider = Clock,
        });

        var pairs = lines[1..].Select(line => line.Split(": ", 2)).Where(parts => parts.Length == 2)
            .Select(parts => KeyValuePair.Create(parts[0], parts[1])).ToList();
        pairs = [.. pairs.Select(pair => KeyValuePair.Create(pair.Key, FillIn(pair.Value, pairs, body)))];
        var headers = WebhookHeaders.From(pairs);

        var expected = Judge(pairs, body, names);
        bool verified = verifier.TryVerify(body, headers, out var failure);
        Finding.Unless(failure == expected, $"the answer is {expected} and not {failure}");
        Finding.Unless(verified == (failure == WebhookVerificationFailure.None), "true is no failure");
        Finding.Unless(
            verifier.RejectsByHeaders(headers, out var early)
                ? early == failure
                : failure is WebhookVerificationFailure.None or WebhookVerificationFailure.SignatureMismatch,
            "headers that are refused alone are refused with a body, for the same reason");
        Finding.Unless(
            !Utf8.IsValid(body) || verifier.TryVerify(Encoding.UTF8.GetString(body), headers, out _) == verified,
            "text is verified as its bytes are");

        bool unwrapped = verifier.TryUnwrap(body, headers, out var delivery, out var unwrapFailure);
        Finding.Unless(
            unwrapFailure == failure || (verified && unwrapFailure == WebhookVerificationFailure.Unreadable),
            "what is authentic is unwrapped, or unreadable");
        Finding.Unless(unwrapped == (unwrapFailure == WebhookVerificationFailure.None), "true is no failure");
        Finding.Unless(
            delivery is null || (delivery.WebhookId == headers.Id && delivery.Timestamp
                == DateTimeOffset.FromUnixTimeSeconds(long.Parse(headers.Timestamp!, CultureInfo.InvariantCulture))),
            "a delivery has the id and the timestamp of its headers");
    }

    private static WebhookVerificationFailure Judge(List<KeyValuePair<string, string>> pairs, byte[] body, char[] names)
    {
        var (id, idFailure) = Only(
            pairs, "webhook-id", WebhookVerificationFailure.MissingId, WebhookVerificationFailure.RepeatedId);
        var (timestamp, timestampFailure) = Only(pairs, "webhook-timestamp",
            WebhookVerificationFailure.MissingTimestamp, WebhookVerificationFailure.RepeatedTimestamp);
        var (signature, signatureFailure) = Only(
            pairs, "webhook-signature", WebhookVerificationFailure.MissingSignature, repeated: null);
        foreach (var failure in new[] { idFailure, timestampFailure, signatureFailure }.Where(
            failure => failure != WebhookVerificationFailure.None))
        {
            return failure;
        }

        if (timestamp.Length > 19 || !timestamp.All(char.IsAsciiDigit) || BigInteger.Parse(
            timestamp, CultureInfo.InvariantCulture) > 253_402_300_799)
        {
            return WebhookVerificationFailure.InvalidTimestamp;
        }

        long age = Now - long.Parse(timestamp, CultureInfo.InvariantCulture);
        return age > Tolerance ? WebhookVerificationFailure.TimestampTooOld
            : age < -Tolerance ? WebhookVerificationFailure.TimestampTooNew
            : names.Any(name => signature.Split(' ', '\t').Contains("v1," + Sign(name, id, timestamp, body)))
                ? WebhookVerificationFailure.None
            : WebhookVerificationFailure.SignatureMismatch;
    }

    private static (string Value, WebhookVerificationFailure Failure) Only(
        List<KeyValuePair<string, string>> pairs,
        string name,
        WebhookVerificationFailure missing,
        WebhookVerificationFailure? repeated)
    {
        string[] values = [.. pairs.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(
            pair => pair.Value)];
        string joined = string.Join(',', values);
        return values.Length > 1 && repeated is { } failure ? ("", failure)
            : joined.All(char.IsWhiteSpace) ? ("", missing)
            : (joined, WebhookVerificationFailure.None);
    }

    private static string FillIn(string value, List<KeyValuePair<string, string>> pairs, byte[] body)
    {
        string id = pairs.FirstOrDefault(
            pair => pair.Key.Equals("webhook-id", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        string timestamp = pairs.FirstOrDefault(
            pair => pair.Key.Equals("webhook-timestamp", StringComparison.OrdinalIgnoreCase)).Value ?? "";
        return Keys.Keys.Aggregate(value, (text, name) => text.Replace(
            $"{{{name}}}", Sign(name, id, timestamp, body), StringComparison.Ordinal));
    }

    private static string Sign(char name, string id, string timestamp, byte[] body)
        => Convert.ToBase64String(
            HMACSHA256.HashData(Keys[name], (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body]));
}
