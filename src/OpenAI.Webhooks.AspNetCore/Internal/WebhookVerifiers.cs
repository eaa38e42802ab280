using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>What the options of a registration come to.</summary>
/// <param name="Verifier">The verifier in force.</param>
/// <param name="MaxBodyBytes">The longest body, in bytes.</param>
/// <param name="IsMaxBodyBytesSet">Whether somebody asked for that length, so that the server has to let it through.</param>
internal sealed record VerifierInForce(WebhookVerifier Verifier, int MaxBodyBytes, bool IsMaxBodyBytesSet);

/// <summary>
/// The verifiers of the configured secrets. A changed configuration makes a new one; a change that cannot be used is
/// logged, and leaves the last good one in force.
/// </summary>
/// <remarks>
/// Not by IOptionsMonitor: it makes the options in the thread that reloads the configuration, which for a file is a
/// timer's, and lets through whatever that throws, into the reload and into every request after it.
/// </remarks>
internal sealed class WebhookVerifiers(
    IOptionsFactory<OpenAIWebhooksOptions> options,
    IEnumerable<IOptionsChangeTokenSource<OpenAIWebhooksOptions>> sources,
    ILogger<WebhookVerifiers> logger,
    IConfiguration? configuration = null,
    TimeProvider? timeProvider = null) : IDisposable
{
    private static readonly TimeSpan MaxTolerance = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<IDisposable> _watches = new();

    /// <summary>What is in force.</summary>
    /// <exception cref="OptionsValidationException">There never was a configuration that can be used.</exception>
    public VerifierInForce Get(WebhookRegistration registration)
    {
        if (!_entries.TryGetValue(registration.Name, out var entry))
        {
            entry = _entries.GetOrAdd(registration.Name, new Entry(Make(registration)));
            if (entry.TryClaimWatch())
            {
                Watch(registration, entry);
            }
        }

        return entry.InForce;
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
        if (configuration is not null)
        {
            _watches.Enqueue(ChangeToken.OnChange(configuration.GetReloadToken, () => Renew(registration, entry)));
        }

        foreach (var source in sources.Where(source => (source.Name ?? Options.DefaultName) == registration.Name))
        {
            _watches.Enqueue(ChangeToken.OnChange(source.GetChangeToken, () => Renew(registration, entry)));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the application's own validation throws, the thread that reloads the configuration is not to have it.")]
    private void Renew(WebhookRegistration registration, Entry entry)
    {
        string? problem = null;
        try
        {
            entry.InForce = Make(registration);
        }
        catch (Exception exception)
        {
            problem = exception.Message;
        }

        // A change often is announced twice.
        if (entry.ExchangeProblem(problem) != problem && problem is not null)
        {
            logger.ConfigurationRefused(problem);
        }
    }

    private VerifierInForce Make(WebhookRegistration registration)
    {
        var current = options.Create(registration.Name);
        try
        {
            return new(MakeVerifier(current, registration), current.MaxBodyBytes, current.IsMaxBodyBytesSet);
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

        if (current.Secrets.Count == 0)
        {
            throw new ArgumentException($"There is no webhook secret. {registration.WhatToSet}, to the webhook's secret.");
        }

        try
        {
            return new(new WebhookVerifierOptions
            {
                Secrets = [.. current.Secrets],
                Tolerance = current.Tolerance,
                TimeProvider = timeProvider ?? TimeProvider.System,
            });
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"{registration.WhatToSet}, to the webhook's secret. {exception.Message}", exception);
        }
    }

    private sealed class Entry(VerifierInForce inForce)
    {
        private volatile VerifierInForce _inForce = inForce;
        private int _isWatched;
        private string? _problem;

        public VerifierInForce InForce
        {
            get => _inForce;
            set => _inForce = value;
        }

        public bool TryClaimWatch() => Interlocked.Exchange(ref _isWatched, 1) == 0;

        public string? ExchangeProblem(string? problem) => Interlocked.Exchange(ref _problem, problem);
    }
}
