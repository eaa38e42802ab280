using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>
/// The verifiers of the configured secrets. A changed configuration makes a new one; a change that cannot be used is
/// logged, and leaves the last good one in force.
/// </summary>
/// <remarks>
/// The options are checked here and not by an <see cref="IValidateOptions{TOptions}"/>, because that would throw into
/// whoever reloads the configuration, which for a file is a timer's thread.
/// </remarks>
internal sealed class WebhookVerifiers(
    IOptionsMonitor<OpenAIWebhooksOptions> options,
    ILogger<WebhookVerifiers> logger,
    TimeProvider? timeProvider = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The verifier in force, and the longest body in bytes.</summary>
    /// <exception cref="OptionsValidationException">There never was a configuration that can be used.</exception>
    public (WebhookVerifier Verifier, int MaxBodyBytes) Get(WebhookRegistration registration)
    {
        var current = options.Get(registration.Name);
        var last = _entries.GetValueOrDefault(registration.Name);
        if (last is null || !ReferenceEquals(last.Options, current))
        {
            last = Renew(registration, current, last);
            _entries[registration.Name] = last;
        }

        return (last.Verifier, last.MaxBodyBytes);
    }

    private Entry Renew(WebhookRegistration registration, OpenAIWebhooksOptions current, Entry? last)
    {
        try
        {
            return new(current, Make(current), current.MaxBodyBytes);
        }
        catch (ArgumentException exception)
        {
            var refusal = new OptionsValidationException(
                registration.Name,
                typeof(OpenAIWebhooksOptions),
                [$"The options of OpenAI webhooks cannot be used: {exception.Message} {registration.WhatToSet}, to the webhook's secret."]);
            if (last is null)
            {
                throw refusal;
            }

            logger.ConfigurationRefused(refusal.Message);
            return last with { Options = current };
        }
    }

    private WebhookVerifier Make(OpenAIWebhooksOptions current)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(current.MaxBodyBytes, nameof(current.MaxBodyBytes));
        return new(new WebhookVerifierOptions
        {
            Secrets = [.. current.Secrets],
            Tolerance = current.Tolerance,
            TimeProvider = timeProvider ?? TimeProvider.System,
        });
    }

    private sealed record Entry(OpenAIWebhooksOptions Options, WebhookVerifier Verifier, int MaxBodyBytes);
}
