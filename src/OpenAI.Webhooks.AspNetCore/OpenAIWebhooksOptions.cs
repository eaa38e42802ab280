using System.Diagnostics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// What the endpoints of an application go by. Bound from the configuration section <c>OpenAI:Webhooks</c>; a changed
/// configuration takes effect at the next delivery, unless it cannot be used: then it is logged, and the last good one
/// stays in force.
/// </summary>
public sealed class OpenAIWebhooksOptions
{
    private const int DefaultMaxBodyBytes = 256 * 1024;

    private int? _maxBodyBytes;

    /// <summary>
    /// The secrets of which any one may have signed a webhook: at least one, and several while they are rotated. A list
    /// in the configuration, or a single value. Blank ones do not count. Where there is none, the configuration value
    /// <c>OPENAI_WEBHOOK_SECRET</c> (an environment variable, usually) is it. Without a secret that can be used, the host
    /// does not start.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public IList<string> Secrets { get; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction; 5 minutes by default, a day at the most.
    /// In the configuration <c>hours:minutes:seconds</c>, such as <c>00:05:00</c>. <see cref="Timeout.InfiniteTimeSpan"/>
    /// switches the check off.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The length of a body, in bytes, above which a request is answered 413; more than 0. 256 KiB by default: an event
    /// takes some hundred bytes, and one with the headers of a SIP call, which are 64 KiB at the most over UDP, not twice
    /// as many as those. One that is set here is raised with the server as well, should the server's own limit be lower.
    /// </summary>
    public int MaxBodyBytes
    {
        get => _maxBodyBytes ?? DefaultMaxBodyBytes;
        set => _maxBodyBytes = value;
    }

    internal bool IsMaxBodyBytesSet => _maxBodyBytes is not null;

    /// <summary>What the configuration holds that cannot be read; null where all of it can.</summary>
    internal string? ConfigurationProblem { get; set; }
}
