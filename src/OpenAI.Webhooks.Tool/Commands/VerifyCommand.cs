using System.CommandLine;
using System.Globalization;
using System.Text;
using OpenAI.Webhooks.Tool.Diagnosis;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary><c>verify</c>: says whether a saved delivery is authentic, and if not, which mistake is the likely cause.</summary>
internal static class VerifyCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A delivery saved by listen --save, or written by hand: headers, an empty line, then the body." };
        var command = new Command("verify", "Says whether a saved delivery is authentic, and if not, why.") { file };
        var secrets = new SecretOptions(command);
        command.SetAction(parsed =>
        {
            var required = secrets.Require(parsed);
            var (isAuthentic, verdict) = Judge(SavedDelivery.Read(parsed.GetValue(file)!), required);
            console.MarkupLine($"{(isAuthentic ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape(verdict)}");
            return isAuthentic ? 0 : 1;
        });
        return command;
    }

    private static (bool IsAuthentic, string Verdict) Judge(SavedDelivery saved, IReadOnlyList<string> secrets)
    {
        var headers = saved.WebhookHeaders;
        var failure = Verify(secrets, headers, saved.Body.Span);
        if (failure == WebhookVerificationFailure.None)
        {
            return (true, $"Authentic. Signed at {Time(headers)}. An endpoint accepts it only within five minutes of that time. To send it again, use replay, which signs it again.");
        }

        if (failure != WebhookVerificationFailure.SignatureMismatch)
        {
            string milliseconds = headers.Timestamp is { Length: 13 } timestamp && timestamp.All(char.IsAsciiDigit) ? " The timestamp is in milliseconds; it must be in seconds." : "";
            return (false, $"Not authentic. {new InvalidWebhookSignatureException(failure).Message}{milliseconds}");
        }

        foreach (string secret in secrets)
        {
            foreach (var (mistake, changed) in SecretMistakes(secret))
            {
                if (Verify([changed], headers, saved.Body.Span) == WebhookVerificationFailure.None)
                {
                    return (false, $"Not authentic as it is, but it would be if {mistake}.");
                }
            }
        }

        foreach (var (mistake, body) in BodyVariants.Of(saved.Body))
        {
            if (Verify(secrets, headers, body.Span) == WebhookVerificationFailure.None)
            {
                return (false, $"Not authentic as it is: {mistake}. Verify the bytes exactly as received, before anything parses or rewrites them.");
            }
        }

        return saved.IsCut ? (false, $"Not authentic: the body has {saved.Body.Length} bytes, but Content-Length differs. The body was truncated or changed.")
            : (false, "Not authentic: the signature was made with another secret, or for another body, id or timestamp. None of the usual mistakes explains it. Compare the secret with the endpoint's secret at OpenAI.");
    }

    /// <summary>Why a delivery is not authentic, whenever it was signed.</summary>
    public static WebhookVerificationFailure Verify(IEnumerable<string> secrets, WebhookHeaders headers, ReadOnlySpan<byte> body)
    {
        new WebhookVerifier(new WebhookVerifierOptions { Secrets = [.. secrets], Tolerance = Timeout.InfiniteTimeSpan }).TryVerify(body, headers, out var failure);
        return failure;
    }

    // OpenAI's key is the base64 after whsec_, decoded. A sender that uses the characters themselves as the key signs differently.
    private static IEnumerable<(string Mistake, string Secret)> SecretMistakes(string secret)
    {
        string trimmed = secret.Trim();
        if (trimmed.StartsWith("whsec_", StringComparison.Ordinal))
        {
            yield return ("its sender had used the secret's characters with whsec_ as the key, instead of decoding the base64 after whsec_", AsKey(trimmed));
            yield return ("its sender had used the characters after whsec_ as the key, instead of decoding them as base64", AsKey(trimmed[6..]));
        }
        else
        {
            if (SecretHint.AsOpenAIShows(trimmed) is { } whole)
            {
                yield return ("the secret began with whsec_; enter it exactly as OpenAI shows it", whole);
            }
        }
    }

    private static string AsKey(string text) => $"whsec_{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}";

    private static string Time(WebhookHeaders headers)
        => DateTimeOffset.FromUnixTimeSeconds(long.Parse(headers.Timestamp!, CultureInfo.InvariantCulture)).ToString("u", CultureInfo.InvariantCulture);
}
