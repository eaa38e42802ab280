using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace OpenAI.Webhooks.Tests;

/// <summary>Thousands of damaged payloads, the same ones every time.</summary>
public class DamagedPayloadTests
{
    private const int DamagesPerFixture = 1_000;

    private static readonly string[] Tokens =
        ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "1e999", "-", "\\u", "\\ud800", "\"id\":",
            "\"type\":\"batch.failed\",", "\"data\":{},", " ", "\0", "é"];

    public static TheoryData<string> Types => Fixture.Types;

    [Theory, MemberData(nameof(Types))]
    public void Parse_damaged_payload_gives_an_event_or_a_JsonException(string type)
    {
        int events = 0;
        foreach (byte[] payload in Damage(type))
        {
            try
            {
                var parsed = WebhookEvent.Parse(payload);
                events++;
                WebhookEvent.Parse(parsed.ToJson()).Should().Be(parsed);
            }
            catch (JsonException refusal)
            {
                refusal.Message.Should().NotBeEmpty();
            }
        }

        events.Should().BeInRange(1, DamagesPerFixture - 1);
    }

    [Theory, MemberData(nameof(Types))]
    public void Parse_damaged_payload_answers_as_system_text_json_does_by_the_unions_attributes(string type)
    {
        foreach (byte[] payload in Damage(type).Where(IsUnicodeThroughout))
        {
            var expected = ByAttributes(payload);
            var actual = ByReader(payload);

            // A made event has an "object", so System.Text.Json gives one to an event that was sent without.
            expected = expected is not null && actual is UnwrapWebhookEvent { Object: null } ? expected with
            {
                Object = null,
            } : expected;

            (actual is UnknownWebhookEvent ? null : actual).Should().Be(expected, Encoding.UTF8.GetString(payload));
        }
    }

    private static IEnumerable<byte[]> Damage(string type)
    {
        var random = new Random(type.Aggregate(17, (seed, c) => unchecked((seed * 31) + c)));
        byte[] original = Encoding.UTF8.GetBytes(Fixture.Events[type]);
        for (int i = 0; i < DamagesPerFixture; i++)
        {
            byte[] payload = original;
            for (int times = random.Next(1, 4); times > 0; times--)
            {
                payload = Damage(payload, random);
            }

            yield return payload;
        }
    }

    private static byte[] Damage(byte[] payload, Random random)
    {
        int at = random.Next(payload.Length);
        int length = random.Next(1, Math.Min(8, payload.Length - at) + 1);
        var (before, after) = (payload[..at], payload[at..]);
        return random.Next(7) switch
        {
            0 => [.. before, .. payload[(at + length)..]],
            1 => [.. before, .. after[..length], .. after],
            2 => [.. before, (byte)random.Next(256), .. payload[(at + 1)..]],
            3 => [.. before, (byte)(payload[at] ^ (1 << random.Next(8))), .. payload[(at + 1)..]],
            4 => [.. before, .. Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]), .. after],
            5 => [
                .. Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(payload).Replace("abc123", Tokens[random.Next(Tokens.Length)]))],
            _ => [.. before, .. payload[random.Next(payload.Length)..]],
        };
    }

    private static WebhookEvent? ByReader(byte[] payload)
    {
        try
        {
            return WebhookEvent.Parse(payload);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static UnwrapWebhookEvent? ByAttributes(byte[] payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, StrictContext.Default.UnwrapWebhookEvent);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    // System.Text.Json does not look at the text it skips; this library refuses a payload with invalid text anywhere.
    private static bool IsUnicodeThroughout(byte[] payload)
        => Utf8.IsValid(payload)
        && !Encoding.ASCII.GetString(payload).Contains("\\ud", StringComparison.OrdinalIgnoreCase);
}
