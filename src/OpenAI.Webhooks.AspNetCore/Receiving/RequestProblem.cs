namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Why a request did not produce a delivery.</summary>
internal enum RequestProblem
{
    /// <summary>It could not be verified.</summary>
    NotAuthentic,

    /// <summary>It is authentic, but its payload is not an event.</summary>
    Unreadable,

    /// <summary>Its body is over the limit: the endpoint's or the server's.</summary>
    TooLarge,

    /// <summary>Some or all of its body was missing: something in front of the endpoint read it.</summary>
    ReadBefore,

    /// <summary>Something in front of the endpoint could not decode its body.</summary>
    Malformed,

    /// <summary>
    /// Its body is compressed, according to its Content-Encoding. OpenAI signs the uncompressed body.
    /// </summary>
    Encoded,

    /// <summary>Its body did not arrive.</summary>
    Aborted,
}
