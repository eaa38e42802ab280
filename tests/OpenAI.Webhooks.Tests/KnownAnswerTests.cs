using System.Text;
using System.Text.Json;

namespace OpenAI.Webhooks.Tests;

/// <summary>
/// Signatures that another implementation made, of what a round trip could get wrong on both ways alike.
/// </summary>
public class KnownAnswerTests
{
    private static readonly Dictionary<string, Case> Cases = JsonDocument
        .Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "known-answers.json")))
        .RootElement.GetProperty("cases").Deserialize<Case[]>(JsonSerializerOptions.Web)!
        .ToDictionary(known => known.Name);

    public static TheoryData<string> Names { get; } = [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public void TryVerify_known_signature_is_true_and_of_any_other_body_false(string name)
    {
        var known = Cases[name];
        var verifier = new WebhookVerifier(new WebhookVerifierOptions
        {
            Secrets = [known.Secret],
            Tolerance = Timeout.InfiniteTimeSpan,
        });
        byte[] body = Encoding.UTF8.GetBytes(new string(known.Fill, known.Length));

        verifier.TryVerify(body, known.Headers, out _).Should().BeTrue();
        body[^1]++;
        verifier.TryVerify(body, known.Headers, out _).Should().BeFalse("the last byte is signed as well");
    }

    [Theory, MemberData(nameof(Names))]
    public void Sign_known_case_makes_its_signature(string name)
    {
        var known = Cases[name];
        var clock = new FixedClock(
            DateTimeOffset.FromUnixTimeSeconds(
                long.Parse(known.Timestamp, System.Globalization.CultureInfo.InvariantCulture)));

        var signed = new WebhookSigner(known.Secret, clock).Sign(new string(known.Fill, known.Length), known.Id);

        if (signed.Headers.Timestamp == known.Timestamp)
        {
            signed.Headers.ToDictionary()[WebhookHeaders.SignatureName].Should().Be(known.Signature);
        }
        else
        {
            known.Timestamp.Should().StartWith("0", "a signer puts no zeros in front");
        }
    }

    private sealed record Case(
        string Name, string Secret, string Id, string Timestamp, char Fill, int Length, string Signature)
    {
        public WebhookHeaders Headers => WebhookHeaders.From(
            [new(WebhookHeaders.IdName, Id), new(WebhookHeaders.TimestampName, Timestamp), new(
                WebhookHeaders.SignatureName, Signature)]);
    }
}
