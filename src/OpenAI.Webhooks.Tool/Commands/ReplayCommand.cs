using System.CommandLine;
using Spectre.Console;

namespace OpenAI.Webhooks.Tool.Commands;

/// <summary><c>replay</c>: signs saved deliveries again, now and with their ids, and sends them.</summary>
internal static class ReplayCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var files = new Argument<FileInfo[]>("FILE") { Description = "Deliveries saved by listen --save.", Arity = ArgumentArity.OneOrMore };
        var to = UrlOption.Create("--to", "The endpoint's URL.");
        to.Required = true;
        var command = new Command("replay", "Sends saved deliveries again, with a new timestamp and the same id.") { files, to };
        var secrets = new SecretOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var signer = new WebhookSigner(secrets.Require(parsed)[0]);
            var saved = parsed.GetValue(files)!.Select(file => (file.Name, Delivery: SavedDelivery.Read(file))).ToList();
            using var deliverer = new Deliverer(parsed.GetValue(to)!);
            bool isDelivered = true;
            foreach (var (name, delivery) in saved)
            {
                var signed = signer.Sign(delivery.Body, delivery.WebhookHeaders.Id);
                isDelivered &= await SendCommand.DeliverAsync(console, deliverer, signed, name, parsed.GetValue(to)!, cancellationToken);
            }

            return isDelivered ? 0 : 1;
        });
        return command;
    }
}
