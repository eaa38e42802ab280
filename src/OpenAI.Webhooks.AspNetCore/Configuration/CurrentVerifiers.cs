using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>The verifier and limits that a registration's options produce.</summary>
/// <param name="Verifier">The verifier.</param>
/// <param name="MaxBodyBytes">The longest body, in bytes.</param>
/// <param name="IsMaxBodyBytesSet">Whether that length was set explicitly, so that the server must accept it.</param>
/// <param name="SecretHints">For each secret, <c>whsec_…</c> and its last four characters.</param>
/// <param name="InvalidChange">Why a later configuration is invalid and not in effect; null if there is none.</param>
internal sealed record CurrentVerifier(
    WebhookVerifier Verifier, int MaxBodyBytes, bool IsMaxBodyBytesSet, string[] SecretHints, string? InvalidChange =
        null);

/// <summary>
/// The verifiers for the configured secrets. A changed configuration creates a new verifier. An invalid change is
/// logged, and the last valid verifier stays in use.
/// </summary>
/// <remarks>
/// IOptionsMonitor is not used here. It creates the options on the thread that reloads the configuration (for a file, a
/// timer thread). An exception there would surface in the reload and in every later request.
/// </remarks>
internal sealed class CurrentVerifiers(
    IOptionsFactory<OpenAIWebhooksOptions> options,
    IEnumerable<IOptionsChangeTokenSource<OpenAIWebhooksOptions>> sources,
    ILogger<CurrentVerifiers> logger,
    TimeProvider? timeProvider = null) : IDisposable
{
    private static readonly TimeSpan MaxTolerance = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<IDisposable> _watches = new();

    /// <summary>The current verifier of a registration.</summary>
    /// <exception cref="OptionsValidationException">There has never been a valid configuration.</exception>
    public CurrentVerifier Get(WebhookRegistration registration)
    {
        if (!_entries.TryGetValue(registration.Name, out var entry))
        {
            entry = _entries.GetOrAdd(registration.Name, new Entry(Make(registration)));
            if (entry.TryClaimWatch())
            {
                Watch(registration, entry);
            }
        }

        return entry.Current;
    }

    public void Dispose()
    {
        while (_watches.TryDequeue(out var watch))
        {
            watch.Dispose();
        }
    }

    private void Watch(WebhookRegistration registration, Entry entry)
    {
        foreach (var source in sources.Where(source => (source.Name ?? Options.DefaultName) == registration.Name))
        {
            _watches.Enqueue(ChangeToken.OnChange(source.GetChangeToken, () => Renew(registration, entry)));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Exceptions from the application's own validation must not "
        + "reach the thread that reloads the configuration.")]
    private void Renew(WebhookRegistration registration, Entry entry)
    {
        lock (entry)
        {
            try
            {
                entry.Current = Make(registration);
            }
            catch (Exception exception)
            {
                // Many sources report one change twice; log the problem only once.
                if (entry.Current.InvalidChange != exception.Message)
                {
                    entry.Current = entry.Current with { InvalidChange = exception.Message };
                    logger.ConfigurationRefused(exception.Message);
                }
            }
        }
    }

    private CurrentVerifier Make(WebhookRegistration registration)
    {
        var current = options.Create(registration.Name);
        try
        {
            var verifier = MakeVerifier(current, registration);
            return new(verifier, current.MaxBodyBytes, current.IsMaxBodyBytesSet, [.. Hints(current.Secrets)]);
        }
        catch (ArgumentException exception)
        {
            throw new OptionsValidationException(
                registration.Name, typeof(OpenAIWebhooksOptions), [
                    $"The OpenAI webhook options are invalid. {exception.Message}"]);
        }
    }

    private WebhookVerifier MakeVerifier(OpenAIWebhooksOptions current, WebhookRegistration registration)
    {
        if (current.InvalidSetting is { } invalid)
        {
            throw new ArgumentException(invalid);
        }

        if (current.MaxBodyBytes <= 0)
        {
            throw new ArgumentException($"{registration.Section}:{nameof(current.MaxBodyBytes)} is "
                + $"{current.MaxBodyBytes}; it must be greater than 0.");
        }

        if (current.Tolerance > MaxTolerance
            || (current.Tolerance < TimeSpan.Zero && current.Tolerance != Timeout.InfiniteTimeSpan))
        {
            throw new ArgumentException(
                $"{registration.Section}:{nameof(current.Tolerance)} is {current.Tolerance}; it must be between 0 and "
                + "one day, or infinite. Write it as hours:minutes:seconds, such as 00:05:00. A single number is read "
                + "as days.");
        }

        if (current.Secrets is null || current.Secrets.Count == 0)
        {
            throw new ArgumentException(
                $"No webhook secret is configured. {registration.WhatToSet}, to the webhook's secret.");
        }

        int number = 0;
        foreach (string secret in current.Secrets)
        {
            RequireUsable(secret, number++, current.Secrets.Count, registration);
        }

        return new(new WebhookVerifierOptions
        {
            Secrets = current.Secrets,
            Tolerance = current.Tolerance,
            TimeProvider = timeProvider ?? TimeProvider.System,
        });
    }

    private static void RequireUsable(string secret, int index, int count, WebhookRegistration registration)
    {
        try
        {
            _ = new WebhookVerifier(secret);
        }
        catch (ArgumentException exception)
        {
            string which = count == 1 ? ""
                : registration.IsDefault
                    ? $" Secret {index + 1} of {count} is invalid; those of {registration.Section}:Secrets come first, "
                        + $"then those of {WebhookRegistration.SecretVariable}."
                    : $" Secret {index + 1} of {count} is invalid.";
            string problem =
                exception.Message.Replace($" (Parameter '{exception.ParamName}')", "", StringComparison.Ordinal);
            string separator = secret.AsSpan().ContainsAny(',', ';')
                ? " White space separates several secrets in one value."
                : "";
            throw new ArgumentException(
                $"{registration.WhatToSet}, to the webhook's secret.{which} {problem}{separator}");
        }
    }

    // The last four of at least 32 characters distinguish secrets, but do not help to guess one.
    private static IEnumerable<string> Hints(WebhookSecrets secrets)
    {
        foreach (string secret in secrets)
        {
            yield return $"whsec_…{secret.TrimEnd()[^4..]}";
        }
    }

    private sealed class Entry(CurrentVerifier current)
    {
        private volatile CurrentVerifier _current = current;
        private int _isWatched;

        public CurrentVerifier Current
        {
            get => _current;
            set => _current = value;
        }

        public bool TryClaimWatch() => Interlocked.Exchange(ref _isWatched, 1) == 0;
    }
}
