using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// The result of checking a request's headers and reading, verifying and parsing its body: a delivery, or why there is
/// none. The endpoint turns it into a response and a log entry; <c>UnwrapOpenAIWebhookAsync</c> turns a problem into an
/// exception.
/// </summary>
/// <param name="Headers">The webhook headers as received.</param>
/// <param name="Delivery">The delivery; null if there is a problem.</param>
/// <param name="Problem">Why there is no delivery; null if there is one.</param>
/// <param name="Failure">Why the request is not authentic, if that is the problem.</param>
/// <param name="Exception">The cause of the problem; null if no exception caused it.</param>
internal readonly record struct UnwrappedRequest(
    WebhookHeaders Headers,
    WebhookDelivery? Delivery = null,
    RequestProblem? Problem = null,
    WebhookVerificationFailure Failure = WebhookVerificationFailure.None,
    Exception? Exception = null)
{
    /// <summary>A description of the problem for a log or an exception. It never quotes the sender.</summary>
    public string Reason => Problem switch
    {
        RequestProblem.NotAuthentic => new InvalidWebhookSignatureException(Failure).Message,
        RequestProblem.Unreadable => Exception!.Message,
        RequestProblem.TooLarge => "The webhook's body is over the limit.",
        RequestProblem.ReadBefore =>
            "The webhook's body is incomplete because something read it first. Middleware that reads the body must "
            + "call request.EnableBuffering() and rewind it, and must not dispose it or complete its BodyReader; or it "
            + "must run after this endpoint.",
        RequestProblem.Malformed =>
            $"The webhook's body cannot be read ({Exception!.GetType()}): it is not encoded as its headers say, or it "
            + "exceeds the limit of middleware that runs before this endpoint.",
        RequestProblem.Encoded =>
            "The webhook's body is compressed (Content-Encoding), and no signature matches its bytes: a proxy "
            + "compressed it. Configure the proxy to forward bodies unchanged, or call app.UseRequestDecompression() "
            + "before this endpoint.",
        _ => "The webhook's body did not arrive.",
    };

    /// <summary>The problem in one word, for metrics and for <see cref="PublicCode"/>.</summary>
    public string Code => Problem switch
    {
        RequestProblem.TooLarge => "too_large",
        RequestProblem.ReadBefore => "body_read_before",
        RequestProblem.Malformed => "body_malformed",
        RequestProblem.Encoded => "body_encoded",
        _ => WebhookTelemetry.Name(Failure),
    };

    /// <summary>
    /// <see cref="Code"/> for the sender, who is not known; null if it says something about the secret or the clock.
    /// </summary>
    public string? PublicCode => Problem == RequestProblem.NotAuthentic && Failure
        is WebhookVerificationFailure.SignatureMismatch
        or WebhookVerificationFailure.TimestampTooOld
        or WebhookVerificationFailure.TimestampTooNew
        ? null
        : Code;

    /// <summary>Unwraps a request. If the headers alone are enough to reject it, its body is not read.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<UnwrappedRequest> FromAsync(
        HttpRequest request, CurrentVerifier current, CancellationToken cancellationToken)
    {
        var fields = request.Headers;
        var headers = WebhookHeaders.From(name => fields[name]);
        if (current.Verifier.RejectsByHeaders(headers, out var failure))
        {
            return new(headers, Problem: RequestProblem.NotAuthentic, Failure: failure);
        }

        var body = await RequestBody.ReadAsync(request, current, cancellationToken).ConfigureAwait(false);
        if (body.Problem is not null)
        {
            return new(headers, Problem: body.Problem, Exception: body.Exception);
        }

        return current.Verifier.TryUnwrap(body.Bytes, headers, out var delivery, out failure) ? new(headers, delivery)
            : failure == WebhookVerificationFailure.Unreadable ? Unreadable(headers, body.Bytes)
            : body.IsShort(request) ? new(headers, Problem: RequestProblem.ReadBefore)
            : IsEncoded(request) ? new(headers, Problem: RequestProblem.Encoded, Failure: failure)
            : body.IsTorn(request) ? new(headers, Problem: RequestProblem.ReadBefore)
            : new(headers, Problem: RequestProblem.NotAuthentic, Failure: failure);
    }

    // Read once more, for the exception that says what is wrong and holds what an inbox stores.
    private static UnwrappedRequest Unreadable(WebhookHeaders headers, ReadOnlyMemory<byte> payload)
    {
        try
        {
            var timestamp =
                DateTimeOffset.FromUnixTimeSeconds(long.Parse(headers.Timestamp!, CultureInfo.InvariantCulture));
            return new(headers, new WebhookDelivery(headers.Id!, timestamp, payload));
        }
        catch (UnreadableWebhookException exception)
        {
            return new(headers, Problem: RequestProblem.Unreadable, Exception: exception);
        }
    }

    private static bool IsEncoded(HttpRequest request)
        => request.Headers.ContentEncoding is { Count: > 0 } encoding
        && !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase);
}
