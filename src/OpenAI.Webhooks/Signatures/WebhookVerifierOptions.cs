using System.Diagnostics;

namespace OpenAI.Webhooks;

/// <summary>Options for a <see cref="WebhookVerifier"/>. They are read once, when the verifier is created.</summary>
public sealed class WebhookVerifierOptions
{
    /// <summary>
    /// The secrets that can sign a webhook: at least one, and several during a rotation. Empty by default; the verifier
    /// rejects an empty list. Must not be null.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public WebhookSecrets Secrets { get; set; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction, in whole seconds and inclusive; 5
    /// minutes by default. <see cref="Timeout.InfiniteTimeSpan"/> turns off the check, and with it the protection
    /// against replays. Any other negative value is rejected.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The clock, <see cref="TimeProvider.System"/> by default. Must not be null.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
