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

        if (endpoints.FirstOrDefault(one => one.Url == url.ToString() || one.Url == url.OriginalString) is not { } endpoint)
        {
            yield return DescribeMissing(endpoints);
            yield break;
        }

        yield return Finding.Sound("endpoint", $"OpenAI has an endpoint with this URL, {endpoint.Id}, for {endpoint.EventTypes.Count} event types.");
        yield return CompareSecrets(endpoint, endpoints, health);
        foreach (var finding in CompareTypes(endpoint, health))
        {
            yield return finding;
        }

        if (sendsEvents && endpoint.EventTypes is [var type, ..])
        {
            yield return await TestAsync(endpoint, type, health, isDelivered, cancellationToken);
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
            return Finding.Sound("secret", $"{whose} has this endpoint's secret, by its last characters.");
        }

        string changed = endpoint.UpdatedAt is { } updated ? $" The endpoint or its secret was last changed at {updated.ToString("u", CultureInfo.InvariantCulture)}." : "";
        return endpoints.FirstOrDefault(other => other.Id != endpoint.Id && mine.Contains(SecretHint.Of(other.SecretHint), StringComparer.Ordinal)) is { } owner
            ? Finding.Fault("secret_of_another", $"{whose} has the secret of another endpoint, {owner.Id} ({Words.OfUrl(owner.Url)}).", "Set the secret of this endpoint. Each endpoint has its own.")
            : Finding.Fault("secret_rotated", $"{whose} does not have this endpoint's secret, by its last characters: it was rotated away, or is of another project.{changed}", "Set the endpoint's current secret. If nobody has it any more, rotate it at OpenAI and keep the old one active for 24 hours meanwhile.");
    }

    private static IEnumerable<Finding> CompareTypes(ApiEndpoint endpoint, HealthData? health)
    {
        if (endpoint.EventTypes.Count == 0)
        {
            yield return Finding.Fault("not_subscribed", "OpenAI sends nothing, because the endpoint is subscribed to no event type.", "Subscribe the endpoint to the types it needs, at OpenAI.");
            yield break;
        }

        if (health?.HandledTypes is not { } handled)
        {
            yield return Finding.Note("types_unknown", "Not seen: whether what OpenAI sends is handled.");
            yield break;
        }

        string[] unhandled = [.. endpoint.EventTypes.Where(type => !handled.Any(one => HealthData.Covers(one, type)))];
        string[] unsubscribed = [.. handled.Where(one => (one.Contains('.', StringComparison.Ordinal) || one == "*") && !endpoint.EventTypes.Any(type => HealthData.Covers(one, type)))];
        if (unsubscribed.Length > 0)
        {
            yield return Finding.Fault("not_subscribed", $"Handled, but OpenAI does not send it, because the endpoint is not subscribed: {string.Join(", ", unsubscribed)}.", "Subscribe the endpoint to it at OpenAI, or remove the handler.");
        }

        if (unhandled.Length > 0)
        {
            yield return Finding.Fault("not_handled", $"Subscribed, but no handler takes it, so it is dropped: {string.Join(", ", unhandled)}.", "Add a handler, or unsubscribe the endpoint from it at OpenAI.");
        }

        if (unhandled.Length + unsubscribed.Length == 0)
        {
            yield return Finding.Sound("types", "What OpenAI sends is handled, and what is handled is sent.");
        }
    }

    private async Task<Finding> TestAsync(ApiEndpoint endpoint, string type, HealthData? health, bool? isDelivered, CancellationToken cancellationToken)
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

        return status switch
        {
            null => Finding.Fault("test_lost", $"{what} did not arrive{(isDelivered == true ? ", though this machine's did" : "")}.", "Check that the host is reachable from the Internet: DNS, firewall, allow lists, the tunnel."),
            >= 200 and < 300 when await IsUnseenAsync(health, cancellationToken) => Finding.Note("test_unseen", $"{what} got {status}, but the application whose health check doctor reads has not seen an authentic delivery since.", "If there are several machines, another may have it. Otherwise something else responds at this URL to OpenAI, such as an older deployment or another DNS entry."),
            >= 200 and < 300 => Finding.Sound("test", $"{what} is accepted ({status})."),
            >= 300 and < 400 => Finding.Fault("test_rejected", $"{what} is redirected ({status}), and OpenAI does not follow.", "Compare the URL at OpenAI with the one that responds without a redirect. The proxy may treat other addresses otherwise."),
            400 when isDelivered == true => Finding.Fault("secret_of_another", $"{what} is rejected (400), though one signed with the secret given to doctor is accepted: OpenAI signs with another secret.", "Set the endpoint's secret at OpenAI in the application."),
            401 or 403 => Finding.Fault("test_rejected", $"{what} is refused ({status}).", "Except the endpoint's path from logins, and from filters of addresses and robots: they may let this machine through and not OpenAI."),
            _ => Finding.Fault("test_rejected", $"{what} got {status}.", "Look at what is found above, and at the application's log."),
        };
    }

    private async Task<bool> IsUnseenAsync(HealthData? health, CancellationToken cancellationToken)
    {
        if (health?.HasJustRejected is null)
        {
            return false;
        }

        for (int attempt = 0; attempt < 3; attempt++)
        {
            if (await HealthData.ReadAsync(deliverer, url, health.Url, cancellationToken) is not { } after || after.LastAuthentic >= health.Time)
            {
                return false;
            }
        }

        return true;
    }
}
