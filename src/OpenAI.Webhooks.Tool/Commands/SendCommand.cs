using System.CommandLine;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary><c>send</c>: signs sample events or your own payload, and shows the server's response.</summary>
internal static class SendCommand
{
    // OpenAI's tolerance is five minutes.
    private static readonly TimeSpan OldAge = TimeSpan.FromMinutes(6);

    public static Command Create(IAnsiConsole console)
    {
        var type = new Argument<string>("TYPE")
        {
            Description = "The event's type, such as response.completed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var to = UrlOption.Create("--to", "The endpoint's URL.");
        to.Required = true;
        var all = new Option<bool>("--all") { Description = "Send one event of every type." };
        var file = new Option<FileInfo>("--file") { Description = "Send this file's bytes as the payload." };
        var repeat = new Option<int>("--repeat")
        {
            Description = "How many times to send each event, with the same id.",
            DefaultValueFactory = _ => 1,
        };
        repeat.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int number) && number < 1)
            {
                result.AddError("--repeat must be at least 1.");
            }
        });
        var bad = new Option<bool>("--bad-signature")
        {
            Description = "Sign with a wrong secret. The endpoint should respond with 400.",
        };
        var old = new Option<bool>("--old")
        {
            Description = "Sign with a timestamp from six minutes ago. The endpoint should respond with 400.",
        };
        var command = new Command("send", "Sends a signed sample event.") { type, to, all, file, repeat, bad, old };
        var secrets = new SecretOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var clock = new ShiftedClock(parsed.GetValue(old) ? -OldAge : TimeSpan.Zero);
            var signer = new WebhookSigner(
                parsed.GetValue(bad) ? WebhookSigner.CreateSecret() : secrets.Require(parsed)[0], clock);
            var signed = Sign(signer, parsed.GetValue(type), parsed.GetValue(all), parsed.GetValue(file)).ToList();
            using var deliverer = new Deliverer(parsed.GetValue(to)!);
            bool isRefusalExpected = parsed.GetValue(bad) || parsed.GetValue(old);
            bool isDelivered = true;
            foreach (var (name, delivery) in signed)
            {
                for (int i = 0; i < parsed.GetValue(repeat); i++)
                {
                    isDelivered &= await DeliverAsync(
                        console, deliverer, delivery, name, parsed.GetValue(to)!, isRefusalExpected, cancellationToken);
                }
            }

            return isDelivered ? 0 : 1;
        });
        return command;
    }

    /// <summary>Delivers, and prints a line about the response.</summary>
    /// <returns>
    /// Whether the response was as expected: delivered, or rejected with 400 if a rejection is expected.
    /// </returns>
    public static async Task<bool> DeliverAsync(
        IAnsiConsole console,
        Deliverer deliverer,
        SignedWebhook signed,
        string name,
        Uri url,
        bool isRefusalExpected,
        CancellationToken cancellationToken)
    {
        bool isRight;
        string what;
        try
        {
            var response = await deliverer.DeliverAsync(signed, url, cancellationToken);
            isRight = isRefusalExpected ? response.Status == 400 : response.IsSuccess;
            what = !isRefusalExpected ? response.Summary
                : isRight ? "400: rejected, as it should be"
                : $"{response.Status}: it should be rejected with 400";
        }
        catch (NoResponseException exception)
        {
            isRight = false;
            what = $"no response: {exception.Message}. To find the cause, run openai-webhooks doctor {Words.Of(url)}.";
        }

        console.MarkupLine($"{(isRight ? "[green]✓[/]" : "[red]✗[/]")} {Markup.Escape(name)} "
            + $"[grey]{Markup.Escape(signed.Headers.Id ?? "")}[/] {Markup.Escape(what)}");
        return isRight;
    }

    private static IEnumerable<(string Name, SignedWebhook Signed)> Sign(
        WebhookSigner signer, string? type, bool isAll, FileInfo? file)
    {
        if ((type is null ? 0 : 1) + (isAll ? 1 : 0) + (file is null ? 0 : 1) != 1)
        {
            throw new ToolException("Specify a type, --all or --file.");
        }

        if (file is not null)
        {
            return [(file.Name, signer.Sign(PrivateFile.Read(file)))];
        }

        return (isAll ? SampleEvents.Types : [type!])
            .Select(name => (name, signer.Sign(SampleEvents.Create(name, DateTimeOffset.UtcNow))));
    }
}
