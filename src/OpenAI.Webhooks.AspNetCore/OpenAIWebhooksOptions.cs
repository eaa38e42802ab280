using System.Diagnostics;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// Options for the endpoints of an application, bound from the configuration section <c>OpenAI:Webhooks</c>, or
/// <c>OpenAI:Webhooks:{name}</c> for a registration with a name. A changed
/// configuration takes effect at the next delivery. An invalid change is logged, and the last valid configuration stays
/// in effect.
/// </summary>
public sealed class OpenAIWebhooksOptions
{
    private const int DefaultMaxBodyBytes = 256 * 1024;

    private int? _maxBodyBytes;

    /// <summary>
    /// The secrets that can sign a webhook: at least one, and several during a rotation. The configuration adds the
    /// values of <c>Secrets</c>, a list or a single value, and, for the registration without a name, those of
    /// <c>OPENAI_WEBHOOK_SECRET</c>, usually an environment variable. A value may hold several secrets, separated by
    /// white space. Blank secrets are ignored. Assigning <see cref="Secrets"/> in code replaces the configured ones.
    /// Without a usable secret, a host with a mapped endpoint does not start.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public WebhookSecrets Secrets { get; set; } = [];

    /// <summary>
    /// How far a webhook's timestamp may be from the clock, in either direction: at most one day, 5 minutes by default.
    /// <see cref="Timeout.InfiniteTimeSpan"/> turns the check off. In the configuration, write it as
    /// <c>hours:minutes:seconds</c>, such as <c>00:05:00</c>.
    /// </summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The maximum body length in bytes; must be greater than 0. A longer body gets the response 413. The default is
    /// 256 KiB: most events are a few hundred bytes, and a SIP call's can reach about 128 KiB. If the server's own
    /// limit is lower than a value set here, the server's limit is raised for the endpoint.
    /// </summary>
    public int MaxBodyBytes
    {
        get => _maxBodyBytes ?? DefaultMaxBodyBytes;
        set => _maxBodyBytes = value;
    }

    internal bool IsMaxBodyBytesSet => _maxBodyBytes is not null;

    /// <summary>Which value of the configuration cannot be read, and why; null if there is none.</summary>
    internal string? InvalidSetting { get; set; }
}
