using System.Globalization;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>A request of a check: the response, or why there was none.</summary>
internal sealed record Attempt(ServerResponse? Response, NoResponseException? Silence = null)
{
    public bool IsAccepted => Response is { IsSuccess: true };

    /// <summary>Whether nobody knows what the response would have been.</summary>
    public bool IsOutOfTime => Silence is { IsOutOfTime: true };

    /// <summary>The status, or that there was no response.</summary>
    public string Outcome => Response?.Status.ToString(CultureInfo.InvariantCulture) ?? "no response";

    /// <summary>Counts what attempts at the same thing got.</summary>
    public static string Outcomes(IEnumerable<Attempt> attempts)
        => string.Join(", ", attempts.GroupBy(attempt => attempt.Outcome)
            .OrderByDescending(group => group.Count()).Select(group => $"{group.Key} ({group.Count()} times)"));

    /// <summary>Describes attempts at the same thing that got different responses.</summary>
    public static Finding Differ(string what, IReadOnlyList<Attempt> attempts)
    {
        string outcomes = Outcomes(attempts);
        return attempts.Any(attempt => attempt.Response?.Status == 429) ? Finding.Fault(
            "rate_limit",
            $"A rate limit rejects some of {attempts.Count} {what}: {outcomes}.",
            "Exempt the endpoint: call .DisableRateLimiting() on the result of MapOpenAIWebhooks, or exempt its path "
            + "at the gateway. OpenAI may send many deliveries at once.")
            : Finding.Fault(
                "nodes_differ",
                $"The same request gets different responses. {attempts.Count} {what}: {outcomes}.",
                "Several machines probably share this address, and one of them differs: another secret, version or "
                + "path, or it is down. Compare their configuration, and look for the machine that logs \"Rejected a "
                + "webhook\". If it is one machine, a rate limit may reject requests.");
    }
}
