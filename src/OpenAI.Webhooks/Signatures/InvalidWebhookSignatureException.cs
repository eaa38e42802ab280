using System.Diagnostics.CodeAnalysis;

namespace OpenAI.Webhooks;

/// <summary>
/// A webhook could not be verified, so nobody knows who sent it. The message says why and what to check, and quotes no
/// secret, payload or signature.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "It is always raised with a reason, from which the message follows.")]
public sealed class InvalidWebhookSignatureException : Exception
{
    /// <summary>Makes an exception with the message for a failure.</summary>
    /// <param name="failure">Why a webhook could not be verified; not <see cref="WebhookVerificationFailure.None"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="failure"/> is no failure.</exception>
    public InvalidWebhookSignatureException(WebhookVerificationFailure failure)
        : base($"The webhook could not be verified: {Explain(failure)}")
        => Failure = failure;

    /// <summary>Why the webhook could not be verified; never <see cref="WebhookVerificationFailure.None"/>.</summary>
    public WebhookVerificationFailure Failure { get; }

    private static string Explain(WebhookVerificationFailure failure) => failure switch
    {
        WebhookVerificationFailure.MissingId => Missing(WebhookHeaders.IdName),
        WebhookVerificationFailure.MissingTimestamp => Missing(WebhookHeaders.TimestampName),
        WebhookVerificationFailure.MissingSignature => Missing(WebhookHeaders.SignatureName),
        WebhookVerificationFailure.RepeatedId => Repeated(WebhookHeaders.IdName),
        WebhookVerificationFailure.RepeatedTimestamp => Repeated(WebhookHeaders.TimestampName),
        WebhookVerificationFailure.RepeatedSignature => Repeated(WebhookHeaders.SignatureName),
        WebhookVerificationFailure.InvalidTimestamp =>
            $"its {WebhookHeaders.TimestampName} header is not a number of Unix seconds. OpenAI does not send such a request.",
        WebhookVerificationFailure.TimestampTooOld =>
            "it was sent longer ago than the tolerance allows. Check that this machine's clock is right and that requests do not wait in a queue before they are verified; otherwise it is a replay.",
        WebhookVerificationFailure.TimestampTooNew =>
            "it claims to be sent further in the future than the tolerance allows. Check that this machine's clock is right.",
        WebhookVerificationFailure.SignatureMismatch =>
            "no signature matches. Check that the secret is the one OpenAI shows for this endpoint, whole and with its whsec_, and that the payload is the body's bytes exactly as received: not decoded to text, not parsed and written again, not trimmed. If the payload is empty, something else has read it first.",
        _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, "This is no failure."),
    };

    private static string Missing(string header)
        => $"its {header} header is missing or blank. Check that proxies pass it on; without it the request is not from OpenAI.";

    private static string Repeated(string header)
        => $"its {header} header occurs more than once. Check that no proxy adds it; OpenAI sends it once.";
}
