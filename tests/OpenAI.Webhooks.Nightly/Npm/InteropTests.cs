using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenAI.Webhooks.Tests;

namespace OpenAI.Webhooks.Nightly;

/// <summary>Holds the signatures against the npm packages openai and standardwebhooks.</summary>
public class InteropTests
{
    internal static readonly string Folder =
        typeof(InteropTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "NpmFolder").Value!;

    private static readonly string[] Payloads =
        [Fixture.ResponseCompleted, Fixture.RealtimeCallIncoming, """{"city": "Zürich", "key": "🔑"}""",
            """{"a":1}""" + "\n"];

    [Fact]
    public async Task Signatures_are_accepted_both_ways()
    {
        string secret = "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var signer = new WebhookSigner(secret);
        var deliveries = Payloads.Select(payload => signer.Sign(payload)).ToArray();

        var answer = await RunNode(
            new Question(secret, [.. deliveries.Select(ToMessage), Forge(deliveries[0])], Payloads));

        string?[] accepted = [null, null, null, null];
        answer.Openai[..^1].Should().Equal(accepted);
        answer.Standardwebhooks[..^1].Should().Equal(accepted);
        answer.Openai[^1].Should().Contain("signature", "the last delivery is a forgery");
        answer.Standardwebhooks[^1].Should().Contain("signature", "the last delivery is a forgery");

        var verifier = new WebhookVerifier(secret);
        answer.Signed.Should().HaveCount(Payloads.Length);
        foreach (var signed in answer.Signed)
        {
            verifier.TryVerify(
                Encoding.UTF8.GetBytes(signed.Payload), WebhookHeaders.From(signed.Headers), out var failure);
            failure.Should().Be(WebhookVerificationFailure.None);
        }
    }

    private static Message ToMessage(SignedWebhook signed)
        => new(Encoding.UTF8.GetString(signed.GetPayload().Span), signed.Headers.ToDictionary());

    private static Message Forge(SignedWebhook signed) => ToMessage(signed) with { Payload = """{"forged":true}""" };

    private static async Task<Answer> RunNode(Question question)
    {
        using var node = Process.Start(new ProcessStartInfo("node", "interop.mjs")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(question, JsonSerializerOptions.Web));
        node.StandardInput.Close();
        await node.WaitForExitAsync();

        node.ExitCode.Should().Be(0, await errors);
        return JsonSerializer.Deserialize<Answer>(await output, JsonSerializerOptions.Web)!;
    }

    private sealed record Question(string Secret, Message[] Deliveries, string[] Payloads);

    private sealed record Message(string Payload, Dictionary<string, string> Headers);

    private sealed record Answer(string?[] Openai, string?[] Standardwebhooks, Message[] Signed);
}
