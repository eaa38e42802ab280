using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenAI.Webhooks.Tool.Diagnosis;

/// <summary>What OpenAI's API says of an endpoint, held against what was seen from outside.</summary>
internal sealed class ApiDiagnosis(OpenAIApi api, Uri url, IReadOnlyList<string> secrets, bool sendsEvents)
{
    private const int HintLength = 4;

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
            unusable = Finding.Fault("api", exception.Message, "Mend the API key, or run doctor without one to look from outside only.");
        }

        if (unusable is not null)
        {
            yield return unusable;
            yield break;
        }

        if (health?.Time is { } time && api.Time is { } now && (time - now).Duration() > ServerDiagnosis.MaxSkew)
        {
            yield return Finding.Fault("clock", $"The application's clock is {Math.Abs((time - now).TotalMinutes).ToString("F0", CultureInfo.InvariantCulture)} minutes {(time > now ? "fast" : "slow")}, measured by OpenAI's. Deliveries more than 5 minutes off are rejected.", "Synchronize the server's clock (NTP).");
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
            yield return await TestAsync(endpoint, type, isDelivered, cancellationToken);
        }
    }

    private Finding DescribeMissing(List<ApiEndpoint> endpoints)
    {
        static string Host(string text) => Uri.TryCreate(text, UriKind.Absolute, out var parsed) ? parsed.Host : "";
        if (endpoints.Where(one => Host(one.Url) == url.Host).Select(one => one.Url).ToList() is { Count: > 0 } near)
        {
            return Finding.Fault("endpoint_url", $"OpenAI has no endpoint with the URL {url}, but one with {near[0]}{(near.Count > 1 ? $", and {near.Count - 1} more of this host" : "")}.", "Change the URL at OpenAI, or the application's path. They have to be the same to the last slash.");
        }

        return url.IsLoopback
            ? Finding.Note("endpoint_local", $"OpenAI cannot reach {url.Host}. Compare the endpoint's public URL.", "Run doctor with the tunnel's https URL.")
            : Finding.Fault("endpoint_missing", $"OpenAI has no endpoint with the URL {url} in this project, which has {endpoints.Count}.", "Create one in the project's settings, under Webhooks. Check that the API key is of the same project.");
    }

    // The form of the hint is documented nowhere. Its end has so far been the secret's.
    private Finding CompareSecrets(ApiEndpoint endpoint, List<ApiEndpoint> endpoints, HealthData? health)
    {
        string[] mine = health is { SecretHints.Count: > 0 } ? [.. health.SecretHints.Select(EndOf)] : [.. secrets.Select(EndOf)];
        string whose = health is { SecretHints.Count: > 0 } ? "The application" : "What was given here";
        if (EndOf(endpoint.SecretHint) is not { Length: HintLength } hint || mine.Length == 0)
        {
            return Finding.Note("secret_unknown", "Not seen: whether the application has this endpoint's secret. OpenAI gives no hint of it, or the application does not.");
        }

        if (mine.Contains(hint, StringComparer.Ordinal))
        {
            return Finding.Sound("secret", $"{whose} has this endpoint's secret, by its last characters.");
        }

        string changed = endpoint.UpdatedAt is { } updated ? $" The endpoint or its secret was last changed at {updated.ToString("u", CultureInfo.InvariantCulture)}." : "";
        return endpoints.FirstOrDefault(other => other.Id != endpoint.Id && mine.Contains(EndOf(other.SecretHint), StringComparer.Ordinal)) is { } owner
            ? Finding.Fault("secret_of_another", $"{whose} has the secret of another endpoint, {owner.Id} ({owner.Url}).", "Set the secret of this endpoint. Each endpoint has its own.")
            : Finding.Fault("secret_rotated", $"{whose} does not have this endpoint's secret, by its last characters: it was rotated away, or is of another project.{changed}", "Set the endpoint's current secret. If nobody has it any more, rotate it at OpenAI and keep the old one active for 24 hours meanwhile.");
    }

    private static string EndOf(string? secret)
    {
        string text = (secret ?? "").Trim();
        string end = string.Concat(text.Reverse().TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '+' or '/' or '=' or '-' or '_').Reverse());
        return end.Length >= HintLength ? end[^HintLength..] : "";
    }

    private static IEnumerable<Finding> CompareTypes(ApiEndpoint endpoint, HealthData? health)
    {
        if (health?.HandledTypes is not { } handled)
        {
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

    private async Task<Finding> TestAsync(ApiEndpoint endpoint, string type, bool? isDelivered, CancellationToken cancellationToken)
    {
        try
        {
            int? status = await api.TestAsync(endpoint.Id, type, cancellationToken);
            return status switch
            {
                null => Finding.Fault("test_lost", $"OpenAI's own test event ({type}) did not arrive{(isDelivered == true ? ", though this machine's did" : "")}.", "Check that the host is reachable from the Internet: DNS, firewall, allow lists, the tunnel."),
                >= 200 and < 300 => Finding.Sound("test", $"OpenAI's own test event ({type}) is accepted ({status})."),
                400 when isDelivered == true => Finding.Fault("secret_of_another", "OpenAI's own test event is rejected (400), though one signed with the secret given here is accepted: the application has the secret given here, and OpenAI signs with another.", "Set the endpoint's secret at OpenAI in the application."),
                _ => Finding.Fault("test_rejected", $"OpenAI's own test event ({type}) got {status}.", "Look at what is found above, and at the application's log."),
            };
        }
        catch (ToolException exception)
        {
            return Finding.Note("test_unknown", $"OpenAI could not send its test event: {exception.Message}");
        }
    }
}
