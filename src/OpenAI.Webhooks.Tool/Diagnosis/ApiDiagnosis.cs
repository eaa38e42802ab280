using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>What OpenAI's API says of an endpoint, held against what was seen from outside.</summary>
internal sealed class ApiDiagnosis(OpenAIApi api, Deliverer deliverer, Uri url, IReadOnlyList<string> secrets, bool sendsEvents)
{
    public async IAsyncEnumerable<Finding> DiagnoseAsync(HealthData? health, bool? isDelivered, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var endpoints = new List<ApiEndpoint>();
        Finding? unusable = null;
        try
        {
            endpoints.AddRange(await api.ListAsync(cancellationToken));
        }
        catch (ToolException exception)
        {
            unusable = Finding.Fault("api", exception.What, $"{exception.Advice} Without an API key, doctor looks from outside only.");
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

        var mine = endpoints.Where(one => one.Url == url.ToString() || one.Url == url.OriginalString).ToList();
        if (mine.Count == 0)
        {
            yield return DescribeMissing(endpoints);
            yield break;
        }

        yield return Finding.Sound("endpoint", $"OpenAI has {(mine.Count == 1 ? "an endpoint" : $"{mine.Count} endpoints")} with this URL, {Words.List([.. mine.Select(one => one.Id)])}, for {Words.Count(mine.SelectMany(one => one.EventTypes).Distinct().Count(), "event type")}.");
        var compared = mine.Select(endpoint => CompareSecrets(endpoint, endpoints, health)).ToList();
        foreach (var finding in compared.Concat(CompareTypes([.. mine.SelectMany(one => one.EventTypes).Distinct()], health)))
        {
            yield return finding;
        }

        if (sendsEvents && mine[0].EventTypes is [var type, ..])
        {
            yield return await TestAsync(mine[0], type, health, isDelivered, compared[0].Level == Level.Sound, cancellationToken);
        }
    }

    private Finding DescribeMissing(List<ApiEndpoint> endpoints)
    {
        static string Host(string text) => Uri.TryCreate(text, UriKind.Absolute, out var parsed) ? parsed.Host : "";
        if (endpoints.Where(one => Host(one.Url) == url.Host).Select(one => Words.OfUrl(one.Url)).ToList() is { Count: > 0 } near)
        {
            return Finding.Fault("endpoint_url", $"OpenAI has no endpoint with the URL {Words.Of(url)}, but one with {near[0]}{(near.Count > 1 ? $", and {near.Count - 1} more of this host" : "")}.", "Change the URL at OpenAI, or the application's path. They have to be the same, with port, slashes and query.");
        }

        return url.IsLoopback
            ? Finding.Note("endpoint_local", $"OpenAI cannot reach {url.Host}, so what it has is not compared.", "Run doctor with the public URL: the tunnel's, or that of the deployed application.")
            : Finding.Fault("endpoint_missing", $"OpenAI has no endpoint with the URL {Words.Of(url)} in this project, which has {endpoints.Count}.", "Create one in the project's settings, under Webhooks. Check that the API key is of the same project.");
    }

    private Finding CompareSecrets(ApiEndpoint endpoint, List<ApiEndpoint> endpoints, HealthData? health)
    {
        bool isTheApplications = health is { SecretHints.Count: > 0 };
        string[] mine = [.. (isTheApplications ? health!.SecretHints : secrets).Select(SecretHint.Of)];
        string whose = isTheApplications ? "The application" : "doctor";
        string hint = SecretHint.Of(endpoint.SecretHint);
        if (hint.Length == 0 || mine.Length == 0)
        {
            return Finding.Note("secret_unknown", hint.Length == 0 ? "Not seen: whether the application has this endpoint's secret. OpenAI gives no hint of it." : "Not seen: whether the application has this endpoint's secret. Neither it nor the command line gives one.");
        }

        if (mine.Contains(hint, StringComparer.Ordinal))
        {
            return Finding.Sound("secret", $"{whose} has the secret of {endpoint.Id}, by its last characters.");
        }

        string changed = endpoint.UpdatedAt is { } updated ? $" The endpoint or its secret was last changed at {updated.ToString("u", CultureInfo.InvariantCulture)}." : "";
        return endpoints.FirstOrDefault(other => other.Url != endpoint.Url && mine.Contains(SecretHint.Of(other.SecretHint), StringComparer.Ordinal)) is { } owner
            ? Finding.Fault("secret_of_another", $"{whose} has the secret of another endpoint, {owner.Id} ({Words.OfUrl(owner.Url)}).", "Set the secret of this endpoint. Each endpoint has its own.")
            : Finding.Fault("secret_rotated", $"{whose} does not have the secret of {endpoint.Id}, by its last characters: it was rotated away, or is of another project.{changed}", "Set the endpoint's current secret. If nobody has it any more, rotate it at OpenAI and keep the old one active for 24 hours meanwhile.");
    }

    private static IEnumerable<Finding> CompareTypes(string[] subscribed, HealthData? health)
    {
        if (subscribed.Length == 0)
        {
            yield return Finding.Fault("not_subscribed", "OpenAI sends nothing, because the endpoint is subscribed to no event type.", "Subscribe the endpoint to the types it needs, at OpenAI.");
            yield break;
        }

        if (health?.HandledTypes is not { } handled)
        {
            yield return Finding.Note("types_unknown", "Not seen: whether what OpenAI sends is handled.");
            yield break;
        }

        string[] unhandled = [.. subscribed.Where(type => !handled.Any(one => HealthData.Covers(one, type)))];
        string[] unsubscribed = [.. handled.Where(one => (one.Contains('.', StringComparison.Ordinal) || one == "*") && !subscribed.Any(type => HealthData.Covers(one, type)))];
        if (unsubscribed.Length > 0)
        {
            yield return Finding.Fault("not_subscribed", $"Handled, but OpenAI does not send it, because the endpoint is not subscribed: {Words.List(unsubscribed)}.", "Subscribe the endpoint to it at OpenAI, or remove the handler.");
        }

        if (unhandled.Length > 0)
        {
            yield return Finding.Fault("not_handled", $"Subscribed, but no handler takes it, so it is dropped: {Words.List(unhandled)}.", "Add a handler, or unsubscribe the endpoint from it at OpenAI.");
        }

        if (unhandled.Length + unsubscribed.Length == 0)
        {
            yield return Finding.Sound("types", "What OpenAI sends is handled, and what is handled is sent.");
        }
    }

    private async Task<Finding> TestAsync(ApiEndpoint endpoint, string type, HealthData? health, bool? isDelivered, bool hasRightSecret, CancellationToken cancellationToken)
    {
        string what = $"OpenAI's own test event ({type})";
        if (health is not null)
        {
            // The application's times are whole seconds. After one, its last delivery is older than its clock.
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            health = await HealthData.ReadAsync(deliverer, url, health.Url, cancellationToken);
        }

        int? status;
        try
        {
            status = await api.TestAsync(endpoint.Id, type, cancellationToken);
        }
        catch (ToolException exception)
        {
            return Finding.Fault("test_unknown", $"OpenAI did not say what became of its test event. {exception.What}", exception.Advice);
        }

        if (status is 400)
        {
            return await ExplainRejectionAsync(what, health, isDelivered, hasRightSecret, cancellationToken);
        }

        return status switch
        {
            null => Finding.Fault("test_lost", $"{what} did not arrive{(isDelivered == true ? ", though this machine's did" : "")}.", "Check that the host is reachable from the Internet: DNS, firewall, allow lists, the tunnel."),
            >= 200 and < 300 when await IsUnseenAsync(health, current => current.LastAuthentic, cancellationToken) => Finding.Fault("test_unseen", $"{what} got {status}, but not from the application whose health check doctor reads: that has seen no authentic delivery since.", "Something else responds to OpenAI at this URL, such as an older deployment, a tunnel of somebody else's, or another DNS entry. If several machines share the URL, run doctor again."),
            >= 200 and < 300 => Finding.Sound("test", $"{what} is accepted ({status})."),
            >= 300 and < 400 => Finding.Fault("test_rejected", $"{what} is redirected ({status}), and OpenAI does not follow.", "Compare the URL at OpenAI with the one that responds without a redirect. The proxy may treat other addresses otherwise."),
            401 or 403 => Finding.Fault("test_rejected", $"{what} is refused ({status}).", "Except the endpoint's path from logins, and from filters of addresses and robots: they may let this machine through and not OpenAI."),
            _ => Finding.Fault("test_rejected", $"{what} got {status}.", "Look at what is found above, and at the application's log."),
        };
    }

    private async Task<Finding> ExplainRejectionAsync(string what, HealthData? health, bool? isDelivered, bool hasRightSecret, CancellationToken cancellationToken)
    {
        if (await IsUnseenAsync(health, current => current.LastRejected, cancellationToken))
        {
            return Finding.Fault("test_unseen", $"{what} got 400, but not from the application whose health check doctor reads: that has rejected nothing since.", "Something in front of it, or something else at this URL, responds to OpenAI with 400. Compare how it treats this machine and others.");
        }

        string? reason = health is null ? null : (await HealthData.ReadAsync(deliverer, url, health.Url, cancellationToken))?.LastRejectedReason;
        return reason is not (null or "signature_mismatch") ? Finding.Fault("test_rejected", $"{what} is rejected by the application (400, {reason}).", "Compare the application's clock with OpenAI's, and what a proxy does with deliveries from OpenAI that it does not do with this machine's.")
            : hasRightSecret ? Finding.Fault("test_rejected", $"{what} is rejected (400), though the application has the endpoint's secret, by its last characters.", "A proxy may change what comes from OpenAI and not what comes from this machine. The application's log says \"Rejected a webhook\" and why.")
            : isDelivered == true ? Finding.Fault("secret_of_another", $"{what} is rejected (400), though one signed with the secret given to doctor is accepted: OpenAI signs with another secret.", "Set the endpoint's secret at OpenAI in the application.")
            : Finding.Fault("test_rejected", $"{what} is rejected (400).", "Look at what is found above, and at the application's log.");
    }

    // Behind a load balancer another machine may tell, so it is asked several times.
    private async Task<bool> IsUnseenAsync(HealthData? before, Func<HealthData, DateTimeOffset?> last, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            if (before?.HasJustRejected is null || await HealthData.ReadAsync(deliverer, url, before.Url, cancellationToken) is not { } after || last(after) >= before.Time)
            {
                return false;
            }
        }

        return true;
    }
}
