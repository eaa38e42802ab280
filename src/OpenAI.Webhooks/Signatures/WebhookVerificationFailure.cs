namespace OpenAI.Webhooks;

/// <summary>Why a webhook could not be verified, or could not be read.</summary>
public enum WebhookVerificationFailure
{
    /// <summary>No failure: the webhook is authentic.</summary>
    None = 0,

    /// <summary>The <c>webhook-id</c> header is missing or blank.</summary>
    MissingId,

    /// <summary>The <c>webhook-timestamp</c> header is missing or blank.</summary>
    MissingTimestamp,

    /// <summary>The <c>webhook-signature</c> header is missing or blank.</summary>
    MissingSignature,

    /// <summary>The <c>webhook-id</c> header occurs more than once.</summary>
    RepeatedId,

    /// <summary>The <c>webhook-timestamp</c> header occurs more than once.</summary>
    RepeatedTimestamp,

    /// <summary>The <c>webhook-timestamp</c> header is not a number of Unix seconds up to the year 9999.</summary>
    InvalidTimestamp,

    /// <summary>The timestamp is older than the tolerance allows: the webhook is late or was replayed.</summary>
    TimestampTooOld,

    /// <summary>The timestamp is further in the future than the tolerance allows.</summary>
    TimestampTooNew,

    /// <summary>
    /// No signature matches: none was made with one of the secrets for this id, timestamp and payload.
    /// </summary>
    SignatureMismatch,

    /// <summary>The webhook is authentic, but its payload is not an event that this version can read.</summary>
    Unreadable,
}
