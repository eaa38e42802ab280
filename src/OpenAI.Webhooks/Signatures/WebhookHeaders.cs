using System.Net.Http.Headers;

namespace OpenAI.Webhooks;

/// <summary>
/// The three Standard Webhooks 1.0.0 headers of a delivery, as they were received. Immutable and safe to share between
/// threads.
/// </summary>
/// <remarks>
/// A missing header, or a repeated id or timestamp, is not an error here. It becomes a
/// <see cref="WebhookVerificationFailure"/> when the delivery is verified. The signature is not a property and is not
/// enumerated, so that loggers that destructure objects do not print it. <see cref="ToDictionary"/> includes it.
/// </remarks>
public sealed class WebhookHeaders
{
    /// <summary>The name of the header with the delivery's id, <c>webhook-id</c>.</summary>
    public const string IdName = "webhook-id";

    /// <summary>The name of the header with the time of the attempt, <c>webhook-timestamp</c>.</summary>
    public const string TimestampName = "webhook-timestamp";

    /// <summary>The name of the header with the signatures, <c>webhook-signature</c>.</summary>
    public const string SignatureName = "webhook-signature";

    private readonly WebhookVerificationFailure _failure;

    internal WebhookHeaders(string id, string timestamp, string signature)
    {
        Id = id;
        Timestamp = timestamp;
        Signature = signature;
    }

    private WebhookHeaders(Func<string, IEnumerable<string?>?> lookup)
    {
        Id = Single(
            lookup(IdName), WebhookVerificationFailure.MissingId, WebhookVerificationFailure.RepeatedId, ref _failure);
        Timestamp = Single(
            lookup(TimestampName),
            WebhookVerificationFailure.MissingTimestamp,
            WebhookVerificationFailure.RepeatedTimestamp,
            ref _failure);
        Signature = Joined(lookup(SignatureName), ref _failure);
    }

    /// <summary>
    /// The delivery's id, the same at every attempt; null if the header is missing, blank or repeated. Do not trust it
    /// before the delivery is verified.
    /// </summary>
    public string? Id { get; }

    /// <summary>
    /// The time of this attempt as received, in Unix seconds; null if the header is missing, blank or repeated.
    /// </summary>
    public string? Timestamp { get; }

    /// <summary>The signatures as received, separated by spaces; null if the header is missing or blank.</summary>
    internal string? Signature { get; }

    /// <summary>The first header that is missing or repeated.</summary>
    internal WebhookVerificationFailure Failure => _failure;

    /// <summary>Takes the three headers from names and values.</summary>
    /// <param name="headers">
    /// All headers of the request, with one pair for each occurrence of a header. Must not be null. Names are
    /// case-insensitive.
    /// </param>
    /// <returns>The three headers.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
#nullable disable annotations // Accepts dictionaries with nullable or non-nullable values without a warning.
    public static WebhookHeaders From(IEnumerable<KeyValuePair<string, string>> headers)
#nullable restore annotations
    {
        var pairs = (headers ?? throw new ArgumentNullException(nameof(headers))).ToList();
        return new(name => pairs
            .Where(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase))
            .Select(pair => pair.Value));
    }

    /// <summary>
    /// Takes the three headers from names that each have several values, as in a <c>Dictionary&lt;string,
    /// string[]&gt;</c>, in ASP.NET Core's <c>IHeaderDictionary</c>, or in the multi-value headers of Amazon API
    /// Gateway.
    /// </summary>
    /// <typeparam name="TValues">The values of a header: a sequence of strings.</typeparam>
    /// <param name="headers">
    /// All headers of the request. Must not be null; a header's values may be. The case of names does not matter.
    /// </param>
    /// <returns>The three headers.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public static WebhookHeaders From<TValues>(IEnumerable<KeyValuePair<string, TValues>> headers)
        where TValues : IEnumerable<string?>?
        => From((headers ?? throw new ArgumentNullException(nameof(headers)))
            .SelectMany(
                pair => pair.Value ?? Enumerable.Empty<string?>(),
                (pair, value) => new KeyValuePair<string,
                string>(pair.Key, value!)));

    /// <summary>Takes the three headers from a System.Net.Http message.</summary>
    /// <param name="headers">The headers of the message. Must not be null.</param>
    /// <returns>The three headers.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="headers"/> is null.</exception>
    public static WebhookHeaders From(HttpHeaders headers)
    {
        _ = headers ?? throw new ArgumentNullException(nameof(headers));
        return new(name => headers.TryGetValues(name, out var values) ? values : null);
    }

    /// <summary>Takes the three headers from any collection, through a lookup function.</summary>
    /// <param name="lookup">
    /// Returns all values of a header, whose name is passed in lower case: none, or null, if the request has no such
    /// header, and several if it occurs several times. Must not be null. Exceptions that it throws reach the caller.
    /// </param>
    /// <returns>The three headers.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="lookup"/> is null.</exception>
    public static WebhookHeaders From(Func<string, IEnumerable<string?>?> lookup)
        => new(lookup ?? throw new ArgumentNullException(nameof(lookup)));

    /// <summary>The headers that are not missing or repeated, as names and values for a request.</summary>
    /// <returns>A new dictionary with case-insensitive names. It contains the signature, so do not log it.</returns>
    public Dictionary<string, string> ToDictionary()
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in new[] { (IdName, Id), (TimestampName, Timestamp), (SignatureName, Signature) })
        {
            if (value is not null)
            {
                headers.Add(name, value);
            }
        }

        return headers;
    }

    /// <summary>The id and the timestamp, without the signature.</summary>
    /// <returns>Such as <c>WebhookHeaders wh_685c059a… 1750861210</c>.</returns>
    public override string ToString() => $"{nameof(WebhookHeaders)} {Id} {Timestamp}";

    private static string? Single(
        IEnumerable<string?>? values,
        WebhookVerificationFailure missing,
        WebhookVerificationFailure repeated,
        ref WebhookVerificationFailure failure)
    {
        string? single = null;
        int count = 0;
        foreach (string? value in values ?? [])
        {
            single = value;
            count++;
        }

        return count > 1 ? Fail(repeated, ref failure)
            : string.IsNullOrWhiteSpace(single) ? Fail(missing, ref failure)
            : single;
    }

    // Some hosts split header values at commas, as Amazon's do for payload format 2.0: v1,BASE64 then arrives as two
    // values.
    private static string? Joined(IEnumerable<string?>? values, ref WebhookVerificationFailure failure)
    {
        string? joined = null;
        foreach (string? value in values ?? [])
        {
            joined = joined is null ? value ?? "" : $"{joined},{value}";
        }

        return string.IsNullOrWhiteSpace(joined)
            ? Fail(WebhookVerificationFailure.MissingSignature, ref failure)
            : joined;
    }

    // The first failure counts.
    private static string? Fail(WebhookVerificationFailure own, ref WebhookVerificationFailure failure)
    {
        failure = failure == WebhookVerificationFailure.None ? own : failure;
        return null;
    }
}
