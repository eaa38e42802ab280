using System.Diagnostics.CodeAnalysis;

namespace OpenAI.Webhooks;

/// <summary>
/// A webhook could not be verified, so its sender is unknown. The message says why and what to check. It contains no
/// secret, payload or signature.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "It is always created with a failure, which determines the "
    + "message.")]
public sealed class InvalidWebhookSignatureException : Exception
{
    /// <summary>Creates an exception with the message for a failure.</summary>
    /// <param name="failure">
    /// Why a webhook could not be verified; neither <see cref="WebhookVerificationFailure.None"/> nor
    /// <see cref="WebhookVerificationFailure.Unreadable"/>, which is an <see cref="UnreadableWebhookException"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="failure"/> is not a failure of verification.
    /// </exception>
    public InvalidWebhookSignatureException(WebhookVerificationFailure failure)
        : base($"The webhook could not be verified: {Explain(failure)}")
        => Failure = failure;

    /// <summary>Why the webhook could not be verified.</summary>
    public WebhookVerificationFailure Failure { get; }

    private static string Explain(WebhookVerificationFailure failure) => failure switch
    {
        WebhookVerificationFailure.MissingId => Missing(WebhookHeaders.IdName),
        WebhookVerificationFailure.MissingTimestamp => Missing(WebhookHeaders.TimestampName),
        WebhookVerificationFailure.MissingSignature => Missing(WebhookHeaders.SignatureName),
        WebhookVerificationFailure.RepeatedId => Repeated(WebhookHeaders.IdName),
        WebhookVerificationFailure.RepeatedTimestamp => Repeated(WebhookHeaders.TimestampName),
        WebhookVerificationFailure.InvalidTimestamp =>
            $"its {WebhookHeaders.TimestampName} header is not a number of Unix seconds. OpenAI does not send such a "
            + "request.",
        WebhookVerificationFailure.TimestampTooOld =>
            "its timestamp is older than the tolerance allows. Check this machine's clock, and check that requests do "
            + "not wait in a queue before they are verified. Otherwise, it is a replay.",
        WebhookVerificationFailure.TimestampTooNew =>
            "its timestamp is further in the future than the tolerance allows. Check this machine's clock.",
        WebhookVerificationFailure.SignatureMismatch =>
            "no signature matches. Check that the secret is this endpoint's at OpenAI. If it was rotated, configure "
            + "the new secret, and keep the old one beside it for the 24 hours in which OpenAI may still sign with it. "
            + "Check that the payload is the body's bytes exactly as received: not decoded to text, reserialized or "
            + "trimmed. If the payload is empty, something else read the body first.",
        _ => throw new ArgumentOutOfRangeException(
            nameof(failure), failure, "The value is not a defined verification failure."),
    };

    private static string Missing(string header)
        => $"its {header} header is missing or blank. Check that proxies forward it. If they do, the request is not "
            + "from OpenAI.";

    private static string Repeated(string header)
        => $"its {header} header occurs more than once. OpenAI sends it once; check that no proxy adds another.";
}
