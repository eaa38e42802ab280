using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// The process that <see cref="SwitchTests"/> starts: sets the switches it is given as arguments, before
/// System.Text.Json has read any, and prints what becomes of every fixture. The test runner does not come here.
/// </summary>
internal static class Program
{
    private static int Main(string[] switches)
    {
        foreach (string[] setting in switches.Select(argument => argument.Split('=')))
        {
            AppContext.SetSwitch(setting[0], bool.Parse(setting[1]));
        }

        Console.OutputEncoding = Encoding.UTF8;
        foreach (string line in Describe())
        {
            Console.WriteLine(line);
        }

        return 0;
    }

    /// <summary>What this process makes of every fixture, by every way there is.</summary>
    public static IEnumerable<string> Describe()
    {
        string secret = WebhookSigner.CreateSecret();
        // Without reflection, plain JsonSerializer asks for a resolver, whoever's the types are.
        var plain = JsonSerializer.IsReflectionEnabledByDefault
            ? new JsonSerializerOptions()
            : new JsonSerializerOptions { TypeInfoResolver = AppJsonContext.Default };
        foreach (
            string json in Fixture.Events.OrderBy(fixture => fixture.Key, StringComparer.Ordinal)
                .Select(fixture => fixture.Value)
            .Append(Fixture.Unknown)
            .Append(
                """{"id":"evt_1","object":null,"created_at":1.5,"type":"batch.failed","data":{"id":"b"},"new":null}""")
            .Append("""{"id":null,"created_at":1,"type":"batch.failed","data":{"id":"b"}}""")
            .Append("""{"id":"evt_1","created_at":1,"type":"batch.failed","data":null}"""))
        {
            yield return Try(() => WebhookEvent.Parse(json));
            yield return Try(() => WebhookEvent.Parse(WebhookEvent.Parse(json).ToJson()));
            yield return Try(
                () => new WebhookVerifier(secret).Unwrap(json, new WebhookSigner(secret).Sign(json).Headers).Event);
            yield return Try(() => JsonSerializer.Deserialize<WebhookEvent>(json, plain)!);
            yield return Try(
                () => JsonSerializer.Deserialize<WebhookEvent>(
                    JsonSerializer.Serialize(WebhookEvent.Parse(json), plain), plain)!);
        }
    }

    private static string Try(Func<WebhookEvent> read)
    {
        try
        {
            var webhookEvent = read();
            return $"{webhookEvent} {webhookEvent.ToJson()}";
        }
        catch (JsonException exception)
        {
            return $"{nameof(JsonException)} {exception.Message}";
        }
    }
}
