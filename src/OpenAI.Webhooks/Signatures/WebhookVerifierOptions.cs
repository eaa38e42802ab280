using System.Diagnostics;

namespace OpenAI.Webhooks;

/// <summary>What a <see cref="WebhookVerifier"/> goes by. It is read once, when the verifier is made.</summary>
public sealed class WebhookVerifierOptions
{
    /// <summary>
    /// The secrets of which any one may have signed a webhook: at least one, and several while they are rotated.
    /// <c>whsec_</c> and the base64 of at least 24 bytes, as OpenAI shows it; a secret without that prefix is taken as
    /// text. White space around a secret does not count. Empty by default, which the verifier refuses.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public IReadOnlyList<string> Secrets { get; set; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction, in whole seconds and inclusive; 5
    /// minutes by default. <see cref="Timeout.InfiniteTimeSpan"/> switches the check off, and with it the protection
    /// against replays. Any other negative value is refused.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The clock, <see cref="TimeProvider.System"/> by default. Must not be null.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
