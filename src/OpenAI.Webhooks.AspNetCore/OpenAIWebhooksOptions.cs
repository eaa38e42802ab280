using System.Diagnostics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Options for the endpoints of an application, bound from the configuration section <c>OpenAI:Webhooks</c>, or
/// <c>OpenAI:Webhooks:{name}</c> for a registration with a name. A changed
/// configuration takes effect at the next delivery. A change that cannot be used is logged, and the last good configuration
/// stays in force.
/// </summary>
public sealed class OpenAIWebhooksOptions
{
    private const int DefaultMaxBodyBytes = 256 * 1024;

    private int? _maxBodyBytes;

    /// <summary>
    /// The secrets of which any one may have signed a webhook: at least one, and several during a rotation. In the
    /// configuration, a list or a single value. Blank secrets do not count. If the list is empty, the configuration value
    /// <c>OPENAI_WEBHOOK_SECRET</c>, usually an environment variable, is used for the registration without a name. Without a usable secret, a host with a mapped
    /// endpoint does not start.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public WebhookSecrets Secrets { get; set; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction. 5 minutes by default, a day at most. In the
    /// configuration it is <c>hours:minutes:seconds</c>, such as <c>00:05:00</c>. <see cref="Timeout.InfiniteTimeSpan"/>
    /// switches the check off.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest body, in bytes, more than 0. A longer one gets the response 413. 256 KiB by default: most events are a few
    /// hundred bytes, and a SIP call's can reach about 128 KiB. If the server's own limit is lower than a value set here, it
    /// is raised for the endpoint.
    /// </summary>
    public int MaxBodyBytes
    {
        get => _maxBodyBytes ?? DefaultMaxBodyBytes;
        set => _maxBodyBytes = value;
    }

    internal bool IsMaxBodyBytesSet => _maxBodyBytes is not null;

    /// <summary>What is wrong in the configuration; null if all of it can be read.</summary>
    internal string? ConfigurationProblem { get; set; }
}
