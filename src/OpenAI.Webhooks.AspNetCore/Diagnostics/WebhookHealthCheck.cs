using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace OpenAI.Webhooks.AspNetCore;

/// <summary>Reports whether the current configuration is in effect, and when the last requests arrived.</summary>
internal sealed class WebhookHealthCheck(
    IEnumerable<WebhookRegistration> registrations,
    CurrentVerifiers verifiers,
    MappedEndpoints mapped,
    IOptionsMonitor<WebhookSetup> setups,
    RequestRecorder recorder,
    TimeProvider? timeProvider = null) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = HealthStatus.Healthy;
        var problems = new List<string>();
        var data = new Dictionary<string, object>
        {
            ["time"] = Text((timeProvider ?? TimeProvider.System).GetUtcNow()),
        };
        foreach (var registration in registrations)
        {
            var endpoints = mapped.Of(registration);
            string prefix = registration.IsDefault ? "" : $"{registration.Name}.";
            try
            {
                var current = verifiers.Get(registration);
                data[$"{prefix}secret_hints"] = current.SecretHints;
                if (current.InvalidChange is { } invalid)
                {
                    problems.Add("The changed configuration is invalid. The last valid configuration stays in effect. "
                        + $"{invalid}");
                    status = status == HealthStatus.Unhealthy ? status : HealthStatus.Degraded;
                }
            }
            catch (OptionsValidationException exception) when (
                endpoints.Count > 0 || !setups.Get(registration.Name).HasHandlers)
            {
                problems.Add(exception.Message);
                status = HealthStatus.Unhealthy;
            }
            catch (OptionsValidationException exception)
            {
                // A process that only dispatches needs no secret.
                data[$"{prefix}configuration"] = exception.Message;
            }

            var last = recorder.Get(registration);
            if (last.Authentic is { } authentic)
            {
                data[$"{prefix}last_authentic"] = Text(authentic.Time);
            }

            if (last.Rejected is { } rejected)
            {
                data[$"{prefix}last_rejected"] = Text(rejected.Time);
            }

            if (HandledTypes(setups.Get(registration.Name), endpoints) is { } types)
            {
                data[$"{prefix}handled_types"] = types;
            }

            data[$"{prefix}endpoints"] = endpoints
                .Select(endpoint => $"POST {endpoint.Pattern}: {endpoint.Target}").ToArray();
        }

        return Task.FromResult(
            new HealthCheckResult(
                status, problems.Count == 0 ? null : string.Join(" ", problems), exception: null, data));
    }

    // A delegate handles every event. A process that only stores does not know the handled types.
    private static string[]? HandledTypes(WebhookSetup setup, IReadOnlyList<MappedEndpoint> endpoints)
        => setup.HasHandlers ? [.. setup.HandledTypes]
            : setup.Inbox is null && endpoints.Count > 0 ? ["*"]
            : null;

    private static string Text(DateTimeOffset time)
        => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
