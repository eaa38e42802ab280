using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>Compares what OpenAI's API says about an endpoint with the findings from outside.</summary>
internal sealed class ApiDiagnosis(
    OpenAIApi api,
    Task<IReadOnlyList<ApiEndpoint>> listing,
    Deliverer deliverer,
    Uri url,
    IReadOnlyList<string> secrets,
    bool sendsEvents)
{
    /// <summary>Whether there is time to ask the application what it has seen of OpenAI's test event.</summary>
    public bool HasTime { get; init; }

    public async IAsyncEnumerable<Finding> DiagnoseAsync(
        HealthData? health, bool? isDelivered, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<ApiEndpoint> endpoints = [];
        Finding? unusable = null;
        try
        {
            endpoints = await listing;
        }
        catch (ToolException exception)
        {
            unusable = Unusable("api", exception, "Without OpenAI's API, doctor checks only from outside.");
        }

        if (unusable is not null)
        {
            yield return unusable;
            yield break;
        }

        if (health?.Time is { } time && api.Time is { } now && (time - now).Duration() > ServerDiagnosis.MaxSkew)
        {
            yield return ServerDiagnosis.ClockFault(time - now, "application", "OpenAI's");
        }

        // The host's case does not matter; the path's does.
        var mine = endpoints.Where(
            one => Uri.TryCreate(one.Url, UriKind.Absolute, out var parsed) && parsed.ToString() == url.ToString())
            .ToList();
        if (mine.Count == 0)
        {
            yield return DescribeMissing(endpoints);
            yield break;
        }

        yield return Finding.Sound(
            "endpoint",
            $"OpenAI has {(mine.Count == 1 ? "an endpoint" : $"{mine.Count} endpoints")} with this URL, "
            + $"{Words.List([.. mine.Select(one => one.Id)])}, for "
            + $"{Words.Count(mine.SelectMany(one => one.EventTypes).Distinct().Count(), "event type")}.");
        var compared = mine.Select(endpoint => CompareSecrets(endpoint, endpoints, health)).ToList();
        foreach (
            var finding in compared.Concat(
                CompareTypes([.. mine.SelectMany(one => one.EventTypes).Distinct()], health)))
        {
            yield return finding;
        }

        if (mine.SelectMany(one => one.EventTypes).GroupBy(one => one).FirstOrDefault(
            one => one.Count() > 1) is { } twice)
        {
            yield return Finding.Fault(
                "endpoint_twice",
                $"{mine.Count} endpoints at OpenAI have this URL, so {twice.Key} arrives {twice.Count()} times, signed "
                + "with different secrets and with different ids.",
                "Delete all but one of them at OpenAI.");
        }

        if (sendsEvents && mine[0].EventTypes is [var type, ..])
        {
            yield return await TestAsync(
                mine[0], type, health, isDelivered, compared[0].Level == Level.Sound, cancellationToken);
        }
    }

    // What OpenAI's API does says nothing about the endpoint, but a key that is refused has to be mended.
    private static Finding Unusable(string code, ToolException exception, string otherwise)
        => exception.IsKeyRefused
            ? Finding.Fault(code, exception.What, $"{exception.Advice} {otherwise}")
            : Finding.Note(code, exception.What, $"{exception.Advice} {otherwise}");

    private Finding DescribeMissing(IReadOnlyList<ApiEndpoint> endpoints)
    {
        static string Host(string text) => Uri.TryCreate(text, UriKind.Absolute, out var parsed) ? parsed.Host : "";
        if (endpoints.Where(one => Host(one.Url) == url.Host).Select(one =>
            Words.OfUrl(one.Url)).ToList() is { Count: > 0 } near)
        {
            return Finding.Fault(
                "endpoint_url",
                $"OpenAI has no endpoint with the URL {Words.Of(url)}, but it has one with "
                + $"{near[0]}{(near.Count > 1 ? $", and {near.Count - 1} more on this host" : "")}.",
                "Change the URL at OpenAI, or the application's path. They must match exactly, including port, slashes "
                + "and query.");
        }

        return url.IsLoopback
            ? Finding.Note(
                "endpoint_local",
                $"OpenAI cannot reach {url.Host}, so its endpoints were not compared.",
                "Run doctor with the public URL of the tunnel or the deployed application.")
            : Finding.Fault(
                "endpoint_missing",
                $"OpenAI has no endpoint with the URL {Words.Of(url)} in this project (endpoints in the project: "
                + $"{endpoints.Count}).",
                "Create one in the project's settings, under Webhooks. Check that the API key belongs to the same "
                + "project.");
    }

    private Finding CompareSecrets(
        ApiEndpoint endpoint, IReadOnlyList<ApiEndpoint> endpoints, HealthData? health)
    {
        bool isTheApplications = health is { SecretHints.Count: > 0 };
        string[] mine = [.. (isTheApplications ? health!.SecretHints : secrets).Select(SecretHint.Of)];
        string whose = isTheApplications ? "The application" : "doctor";
        string hint = SecretHint.Of(endpoint.SecretHint);
        if (hint.Length == 0 || mine.Length == 0)
        {
            return Finding.Note(
                "secret_unknown",
                hint.Length == 0
                    ? "Not checked: whether the application has this endpoint's secret. OpenAI does not show the "
                        + "secret's last characters."
                    : "Not checked: whether the application has this endpoint's secret. Neither the application nor "
                        + "the command line provides a secret.");
        }

        if (mine.Contains(hint, StringComparer.Ordinal))
        {
            return Finding.Sound("secret", $"{whose} has the secret of {endpoint.Id}: its last characters match.");
        }

        string changed = endpoint.UpdatedAt is { } updated
            ? $" The endpoint or its secret was last changed at {updated.ToString("u", CultureInfo.InvariantCulture)}."
            : "";
        return endpoints.FirstOrDefault(
            other => other.Url != endpoint.Url
                && mine.Contains(SecretHint.Of(other.SecretHint), StringComparer.Ordinal)) is { } owner
            ? Finding.Fault(
                "secret_of_another",
                $"{whose} has the secret of another endpoint, {owner.Id} ({Words.OfUrl(owner.Url)}).",
                "Set this endpoint's secret. Each endpoint has its own.")
            : Finding.Fault(
                "secret_rotated",
                $"{whose} does not have the secret of {endpoint.Id}: the last characters differ. The secret was "
                + $"rotated, or belongs to another project.{changed}",
                "Set the endpoint's current secret. If nobody has it, rotate it at OpenAI and keep the old one active "
                + "for 24 hours.");
    }

    private static IEnumerable<Finding> CompareTypes(string[] subscribed, HealthData? health)
    {
        if (subscribed.Length == 0)
        {
            yield return Finding.Fault(
                "not_subscribed",
                "OpenAI sends nothing, because the endpoint is not subscribed to any event type.",
                "At OpenAI, subscribe the endpoint to the types it needs.");
            yield break;
        }

        if (health?.HandledTypes is not { } handled)
        {
            yield return Finding.Note(
                "types_unknown", "Not checked: whether the application handles the subscribed types.");
            yield break;
        }

        string[] unhandled = [.. subscribed.Where(type => !handled.Any(one => HealthData.Covers(one, type)))];
        string[] unsubscribed = [
            .. handled.Where(
                one => (one.Contains('.', StringComparison.Ordinal) || one == "*")
                    && !subscribed.Any(type => HealthData.Covers(one, type)))];
        if (unsubscribed.Length > 0)
        {
            yield return Finding.Fault(
                "not_subscribed",
                $"The application handles types that the endpoint is not subscribed to: {Words.List(unsubscribed)}.",
                "Subscribe the endpoint to these types at OpenAI, or remove their handlers.");
        }

        if (unhandled.Length > 0)
        {
            yield return Finding.Fault(
                "not_handled",
                "The endpoint is subscribed to types that no handler handles, so they are dropped: "
                + $"{Words.List(unhandled)}.",
                "Add handlers, or unsubscribe the endpoint from these types at OpenAI.");
        }

        if (unhandled.Length + unsubscribed.Length == 0)
        {
            yield return Finding.Sound("types", "The subscribed types and the handled types match.");
        }
    }

    private async Task<Finding> TestAsync(
        ApiEndpoint endpoint,
        string type,
        HealthData? health,
        bool? isDelivered,
        bool hasRightSecret,
        CancellationToken cancellationToken)
    {
        string what = $"OpenAI's own test event ({type})";
        if (!HasTime)
        {
            health = null;
        }
        else if (health is not null)
        {
            // The application's times are whole seconds. After waiting one second, its last delivery is older than its
            // clock.
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            health = (await HealthData.ReadAsync(deliverer, url, health.Url, cancellationToken)).Data;
        }

        int? status;
        try
        {
            status = await api.TestAsync(endpoint.Id, type, cancellationToken);
        }
        catch (ToolException exception)
        {
            return Unusable("test_unknown", exception, "The result of OpenAI's test event is unknown.");
        }

        if (status is 400)
        {
            return await ExplainRejectionAsync(what, health, isDelivered, hasRightSecret, cancellationToken);
        }

        return status switch
        {
            null => Finding.Fault(
                "test_lost",
                $"{what} did not arrive{(isDelivered == true ? ", but an event from this machine did" : "")}.",
                "Check that the host is reachable from the Internet: DNS, firewall, allow lists, the tunnel."),
            >= 200 and < 300 when await IsUnseenAsync(
                health, current => current.LastAuthentic, cancellationToken) => Finding.Fault(
                "test_unseen",
                $"{what} got {status}, but the application whose health check doctor reads has received no authentic "
                + "delivery since.",
                "Something else responds to OpenAI at this URL, such as an older deployment, someone else's tunnel, or "
                + "a host from another DNS entry. If several machines share the URL, run doctor again."),
            >= 200 and < 300 => Finding.Sound("test", $"{what} is accepted ({status})."),
            >= 300 and < 400 => Finding.Fault(
                "test_rejected",
                $"{what} is redirected ({status}). OpenAI does not follow redirects.",
                "Compare the URL at OpenAI with the one that responds without a redirect. The proxy may treat requests "
                + "from other addresses differently."),
            401 or 403 => Finding.Fault(
                "test_rejected",
                $"{what} is rejected ({status}).",
                "Exempt the endpoint's path from logins and from address and bot filters. They may admit this machine "
                + "but not OpenAI."),
            _ => Finding.Fault(
                "test_rejected", $"{what} got {status}.", "See the findings above, and the application's log."),
        };
    }

    private async Task<Finding> ExplainRejectionAsync(
        string what, HealthData? health, bool? isDelivered, bool hasRightSecret, CancellationToken cancellationToken)
    {
        if (await IsUnseenAsync(health, current => current.LastRejected, cancellationToken))
        {
            return Finding.Fault(
                "test_unseen",
                $"{what} got 400, but the application whose health check doctor reads has rejected nothing since.",
                "Something in front of the application, or something else at this URL, responds to OpenAI with 400. "
                + "Check whether it treats requests from this machine differently.");
        }

        return hasRightSecret
                ? Finding.Fault(
                    "test_rejected",
                    $"{what} is rejected (400), although the last characters of the application's secret match the "
                    + "endpoint's.",
                    "A proxy may change requests from OpenAI but not from this machine. Look for \"Rejected a "
                    + "webhook\" in the application's log; it gives the reason.")
            : isDelivered == true
                ? Finding.Fault(
                    "secret_of_another",
                    $"{what} is rejected (400), but a delivery signed with doctor's secret is accepted. OpenAI signs "
                    + "with another secret.",
                    "In the application, set the secret that OpenAI has for this endpoint.")
            : Finding.Fault(
                "test_rejected", $"{what} is rejected (400).", "See the findings above, and the application's log.");
    }

    // Behind a load balancer, another machine may answer, so ask several times.
    private async Task<bool> IsUnseenAsync(
        HealthData? before, Func<HealthData, DateTimeOffset?> last, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            if (before is not { IsOfEndpoint: true }
                || (await HealthData.ReadAsync(deliverer, url, before.Url, cancellationToken)).Data is not { } after
                || last(after) >= before.Time)
            {
                return false;
            }
        }

        return true;
    }
}
