using System.Diagnostics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// What the endpoints of an application go by. Bound from the configuration section <c>OpenAI:Webhooks</c>; a changed
/// configuration takes effect at the next delivery, unless it cannot be used.
/// </summary>
public sealed class OpenAIWebhooksOptions
{
    /// <summary>
    /// The secrets of which any one may have signed a webhook: at least one, and several while they are rotated. Where
    /// there is none, the configuration value <c>OPENAI_WEBHOOK_SECRET</c> (an environment variable, usually) is it.
    /// Without a secret that can be used, the host does not start.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public IList<string> Secrets { get; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction; 5 minutes by default.
    /// <see cref="Timeout.InfiniteTimeSpan"/> switches the check off. Any other negative value is refused.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The length of a body, in bytes, above which a request is answered 413; 1 MiB by default, and more than 0.</summary>
    public int MaxBodyBytes { get; set; } = 1024 * 1024;
}
