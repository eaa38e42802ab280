using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>The verifier and limits that a registration's options produce.</summary>
/// <param name="Verifier">The verifier.</param>
/// <param name="MaxBodyBytes">The longest body, in bytes.</param>
/// <param name="IsMaxBodyBytesSet">Whether somebody set that length, so that the server has to let it through.</param>
/// <param name="SecretHints">For each secret of the form that OpenAI's have, <c>whsec_…</c> and its last four characters.</param>
/// <param name="HasTextSecret">Whether a secret is not of that form.</param>
internal sealed record CurrentVerifier(WebhookVerifier Verifier, int MaxBodyBytes, bool IsMaxBodyBytesSet, string[] SecretHints, bool HasTextSecret);

/// <summary>
/// The verifiers of the configured secrets. A changed configuration makes a new verifier. A change that cannot be used is
/// logged, and the last good verifier stays.
/// </summary>
/// <remarks>
/// IOptionsMonitor is not used here. It makes the options on the thread that reloads the configuration, which for a file is
/// a timer's, and lets whatever that throws escape into the reload and into every later request.
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
    /// <exception cref="OptionsValidationException">There never was a configuration that can be used.</exception>
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

    /// <summary>Why the configuration as it is now cannot be used; null if it is the one in force.</summary>
    /// <exception cref="OptionsValidationException">There never was a configuration that can be used.</exception>
    public string? ProblemOf(WebhookRegistration registration)
    {
        Get(registration);
        return _entries[registration.Name].Problem;
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

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the application's own validation throws must not reach the thread that reloads the configuration.")]
    private void Renew(WebhookRegistration registration, Entry entry)
    {
        lock (entry)
        {
            string? problem = null;
            try
            {
                entry.Current = Make(registration);
            }
            catch (Exception exception)
            {
                problem = exception.Message;
            }

            // Many sources signal one change twice; the problem is logged once.
            if (entry.ExchangeProblem(problem) != problem && problem is not null)
            {
                logger.ConfigurationRefused(problem);
            }
        }
    }

    private CurrentVerifier Make(WebhookRegistration registration)
    {
        var current = options.Create(registration.Name);
        try
        {
            var verifier = MakeVerifier(current, registration);
            string[] hints = [.. Hints(current.Secrets)];
            return new(verifier, current.MaxBodyBytes, current.IsMaxBodyBytesSet, hints, hints.Length < current.Secrets.Count);
        }
        catch (ArgumentException exception)
        {
            throw new OptionsValidationException(
                registration.Name, typeof(OpenAIWebhooksOptions), [$"The options of OpenAI webhooks cannot be used. {exception.Message}"]);
        }
    }

    private WebhookVerifier MakeVerifier(OpenAIWebhooksOptions current, WebhookRegistration registration)
    {
        if (current.ConfigurationProblem is { } problem)
        {
            throw new ArgumentException(problem);
        }

        if (current.MaxBodyBytes <= 0)
        {
            throw new ArgumentException($"{registration.Section}:{nameof(current.MaxBodyBytes)} is {current.MaxBodyBytes}; it has to be more than 0 bytes.");
        }

        if (current.Tolerance > MaxTolerance || (current.Tolerance < TimeSpan.Zero && current.Tolerance != Timeout.InfiniteTimeSpan))
        {
            throw new ArgumentException(
                $"{registration.Section}:{nameof(current.Tolerance)} is {current.Tolerance}; it has to be from 0 to a day, or infinite. Write it as hours:minutes:seconds, such as 00:05:00: a single number counts days.");
        }

        if (current.Secrets is null || current.Secrets.Count == 0)
        {
            throw new ArgumentException($"There is no webhook secret. {registration.WhatToSet}, to the webhook's secret.");
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
            string which = count == 1 ? "" : $" Secret {index + 1} of {count} cannot be used.";
            string problem = exception.Message.Replace($" (Parameter '{exception.ParamName}')", "", StringComparison.Ordinal);
            throw new ArgumentException($"{registration.WhatToSet}, to the webhook's secret.{which} {problem}");
        }
    }

    // The last four of at least 32 characters tell secrets apart, and help nobody to guess one.
    private static IEnumerable<string> Hints(WebhookSecrets secrets)
    {
        foreach (string secret in secrets)
        {
            string trimmed = secret.Trim();
            if (trimmed.StartsWith("whsec_", StringComparison.Ordinal))
            {
                yield return $"whsec_…{trimmed[^4..]}";
            }
        }
    }

    private sealed class Entry(CurrentVerifier current)
    {
        private volatile CurrentVerifier _current = current;
        private int _isWatched;
        private volatile string? _problem;

        public CurrentVerifier Current
        {
            get => _current;
            set => _current = value;
        }

        public string? Problem => _problem;

        public bool TryClaimWatch() => Interlocked.Exchange(ref _isWatched, 1) == 0;

        public string? ExchangeProblem(string? problem) => Interlocked.Exchange(ref _problem, problem);
    }
}
